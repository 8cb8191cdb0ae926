import { beforeAll, expect, it } from 'vitest'
import { runPython } from './testing/runPython.ts'

const ORIGINAL = 'a red bicycle'
const TEXT = 'A red bicycle leans on a white wall in warm evening light.'
const LONG = 'A lighthouse stands above a calm sea. '.repeat(100)

interface Case {
  name: string
  answer: string
  /** The prompt, or why there is none. */
  gives: string | { no: string }
  ended?: boolean
  inTime?: boolean
}

const unchanged: Case[] = [
  { name: 'a plain answer', answer: TEXT, gives: TEXT },
  {
    name: 'quotes within',
    answer: 'A sign that says "open" hangs there.',
    gives: 'A sign that says "open" hangs there.',
  },
  { name: 'two quoted parts', answer: '"Salt" and "pepper"', gives: '"Salt" and "pepper"' },
  {
    name: 'a colon in a sentence',
    answer: 'One thing stands out: a red bicycle.',
    gives: 'One thing stands out: a red bicycle.',
  },
  {
    name: 'another language',
    answer: 'Ein rotes Fahrrad lehnt an der Wand.',
    gives: 'Ein rotes Fahrrad lehnt an der Wand.',
  },
  { name: 'Chinese', answer: '一辆红色自行车靠在白墙上。', gives: '一辆红色自行车靠在白墙上。' },
  { name: 'an emoji of several parts', answer: `${TEXT} 👩‍🚀`, gives: `${TEXT} 👩‍🚀` },
]

const unwrapped: Case[] = [
  { name: 'quotes', answer: `"${TEXT}"`, gives: TEXT },
  { name: 'typographic quotes', answer: `“${TEXT}”`, gives: TEXT },
  { name: 'quotes in bold', answer: `**"${TEXT}"**`, gives: TEXT },
  { name: 'a code fence', answer: `\`\`\`\n${TEXT}\n\`\`\``, gives: TEXT },
  {
    name: 'a code fence with a language, and talk',
    answer: `Sure!\n\`\`\`text\n${TEXT}\n\`\`\`\nEnjoy!`,
    gives: TEXT,
  },
  { name: 'a fence that never closes', answer: `\`\`\`\n${TEXT}`, gives: TEXT },
  { name: 'thoughts', answer: `<think>The user wants\na bicycle.</think>\n\n${TEXT}`, gives: TEXT },
  { name: 'thoughts without a beginning', answer: `wants a bicycle.</think>${TEXT}`, gives: TEXT },
  { name: 'a label', answer: `Prompt: ${TEXT}`, gives: TEXT },
  { name: 'a bold label', answer: `**Enhanced Prompt:** ${TEXT}`, gives: TEXT },
  { name: 'a label within quotes', answer: `"Rewritten video prompt: ${TEXT}"`, gives: TEXT },
  { name: 'a Chinese label', answer: `增强后的提示词：${TEXT}`, gives: TEXT },
  { name: 'an announcement', answer: `Here is the rewritten prompt:\n\n${TEXT}`, gives: TEXT },
  { name: 'an announcement in the line', answer: `Sure! Here's an enhanced version: ${TEXT}`, gives: TEXT },
  { name: 'courtesy', answer: `Sure! ${TEXT}`, gives: TEXT },
  { name: 'a heading', answer: `# Prompt:\n${TEXT}`, gives: TEXT },
  { name: 'a remark', answer: `${TEXT}\n\nNote: I kept the subject.`, gives: TEXT },
  { name: 'a negative prompt', answer: `${TEXT}\nNegative prompt: blurry`, gives: TEXT },
  {
    name: 'several lines',
    answer: 'A red bicycle.\n\n- White wall.\n* Warm\tlight.',
    gives: 'A red bicycle. White wall. Warm light.',
  },
  {
    name: 'what cannot be seen',
    answer: '\u202eA \u0000red\u200b bi\u0007cycle\u2028stands\ufffd there.\ufeff',
    gives: 'A red bicycle stands there.',
  },
]

const cut: Case[] = [
  { name: 'too long a text', answer: LONG, gives: LONG.slice(0, 1999).replace(/ \S*$/, '') },
  { name: 'too long a word', answer: 'x'.repeat(3000), gives: 'x'.repeat(2000) },
  {
    name: 'a sentence that has not ended',
    answer: `${TEXT} The sky behind it is`,
    gives: TEXT,
    ended: false,
  },
  {
    name: 'a Chinese one',
    answer: `${'一辆红色自行车靠在白墙上，'.repeat(4)}很美。天空`,
    gives: `${'一辆红色自行车靠在白墙上，'.repeat(4)}很美。`,
    ended: false,
  },
  {
    name: 'no sentence at all',
    answer: 'warm light, white wall, red bicyc',
    gives: 'warm light, white wall, red',
    ended: false,
  },
  {
    name: 'no sentence, and late',
    answer: 'warm light, white wall, red bicyc',
    gives: { no: 'the enhancer gave no text' },
    ended: false,
    inTime: false,
  },
  { name: 'a sentence, and late', answer: `${TEXT} The`, gives: TEXT, ended: false, inTime: false },
  {
    name: 'thoughts that never end',
    answer: '<think>The user wants',
    gives: { no: 'the enhancer gave no text' },
    ended: false,
  },
]

const refused: Case[] = [
  ...['', '   ', '""', '```\n```', '...', '<think>hm</think>', 'Prompt:'].map(answer => ({
    name: `nothing: ${JSON.stringify(answer)}`,
    answer,
    gives: { no: 'the enhancer gave no text' },
  })),
  ...[
    "I'm sorry, but I can't help with that.",
    'I’m unable to rewrite this.',
    'I cannot assist with that request.',
    'As an AI language model, I do not draw.',
    'Sorry, I am not able to do this.',
    '"I can\'t do that."',
    '抱歉，我无法完成。',
    'Es tut mir leid, das geht nicht.',
  ].map(answer => ({ name: answer, answer, gives: { no: 'the enhancer declined to answer' } })),
  ...['a red bicycle', '"A red bicycle."', 'Prompt: A RED  BICYCLE'].map(answer => ({
    name: `the same: ${answer}`,
    answer,
    gives: { no: 'the enhancer changed nothing' },
  })),
  {
    name: 'a stammer',
    answer: `A wall, ${'red '.repeat(30)}`,
    gives: { no: 'the enhancer repeated itself' },
  },
]

const CODE = `
import json, sys
from ourvidz_engine.enhanced_text import UnusableError, clean
def of(case):
    try:
        return clean(case["answer"], case["original"], case.get("ended", True), case.get("inTime", True))
    except UnusableError as problem:
        return {"no": str(problem)}
print(json.dumps([of(case) for case in json.load(sys.stdin)]))`

const cases = [...unchanged, ...unwrapped, ...cut, ...refused]
let given: unknown

beforeAll(async () => {
  given = await runPython(
    CODE,
    cases.map(each => ({ ...each, original: ORIGINAL })),
  )
})

it.each(cases.map((each, index) => ({ ...each, index })))('$name', ({ index, gives }) => {
  expect(given).toHaveProperty([index], gives)
})

import { expect, it } from 'vitest'
import { runPython } from './testing/runPython.ts'

const PROMPT = "a lighthouse keeper's red bicycle, wet stones, 灯塔的夜晚"

const CODE = `
import json, sys
from ourvidz_engine.wan_program.output import ProgramOutput
def of(run):
    output = ProgramOutput(run["prompt"], 50, "/models/wan2.1-t2v-1.3b")
    said = run["says"].encode()
    for start in range(0, len(said), run.get("chunk", 7)):
        output.feed(said[start : start + run.get("chunk", 7)])
    output.finish()
    flags = [name for name in ("out_of_memory", "disk_full", "checkpoint_missing") if getattr(output, name)]
    return {"step": output.step, "flags": flags, "tail": output.tail(), "reason": output.reason()}
print(json.dumps(of(json.load(sys.stdin))))`

const output = (says: string, { prompt = PROMPT, chunk = 7 } = {}) => runPython(CODE, { prompt, says, chunk })

it('follows the bar of the sampling steps, and no other', async () => {
  const says = [
    'Loading checkpoint shards: 100%|██████████| 2/2 [00:01<00:00,  1.20it/s]\n',
    '\r  0%|          | 0/50 [00:00<?, ?it/s]',
    '\r 24%|██▍       | 12/50 [00:41<02:10,  3.43s/it]',
    '\r 26%|██▌       | 13/50 [00:44<02:06,  3.43s/it]\n',
  ].join('')
  expect(await output(says)).toEqual({ step: 13, flags: [], tail: [], reason: '' })
})

it.each([
  `[2026-01-01 00:00:00,000] INFO: Generation job args: Namespace(task='t2v-1.3B', prompt="${PROMPT}")`,
  `[2026-01-01 00:00:00,000] INFO: Input prompt: ${PROMPT}`,
  `generate.py: error: unrecognized arguments: ${PROMPT}`,
  `ValueError: cannot encode 'a Lighthouse Keeper's RED bicycle'`,
  `KeyError: 'red_bicycle wet'`,
  'RuntimeError: 灯塔的夜',
])('leaves out a line with words of the prompt: %s', async line => {
  expect(await output(`${line}\nAssertionError: something else\n`)).toMatchObject({
    tail: ['AssertionError: something else'],
  })
})

it.each([
  ['a lighthouse', 'RuntimeError: a red bicycle', true],
  ['a', 'RuntimeError: a file is missing', true],
  ['cat', 'RuntimeError: a category is missing', true],
  ['cat', 'RuntimeError: no cat', false],
  ['cat dog', 'RuntimeError: cat, dog', false],
])('a short prompt (%s) is looked for by whole words', async (prompt, line, kept) => {
  expect(await output(line, { prompt })).toMatchObject({ tail: kept ? [line] : [] })
})

it.each([
  ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.', ['out_of_memory']],
  ['torch.cuda.OutOfMemoryError: CUDA out of memory.', ['out_of_memory']],
  ['RuntimeError: CUDA error: out of memory', ['out_of_memory']],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/models/wan2.1-t2v-1.3b/x.pth'",
    ['checkpoint_missing'],
  ],
  ["FileNotFoundError: [Errno 2] No such file or directory: '/elsewhere'", []],
  ["OSError: [Errno 5] Input/output error: '/models/wan2.1-t2v-1.3b/x.pth'", []],
  ['OSError: /models/wan2.1-t2v-1.3b has no file named config.json', ['checkpoint_missing']],
  ['cache_video failed, error: [Errno 28] No space left on device', ['disk_full']],
  ['[2026-01-01 00:00:00,000] INFO: Input prompt: CUDA out of memory, No space left on device', []],
])('tells what went wrong: %s', async (line, flags) => {
  expect(await output(`Traceback (most recent call last):\n${line}\n`)).toMatchObject({ flags })
})

it('tells the last error rather than what came after it', async () => {
  const says = 'ValueError: first\nRuntimeError: second\n[rank0] done\n'
  expect(await output(says)).toMatchObject({ reason: 'RuntimeError: second' })
})

it('keeps fifty lines of a flood, and the beginning of a line without end', async () => {
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`)
  const { tail } = Object(await output(`${lines.join('\n')}\n${'x'.repeat(1_000_000)}`, { chunk: 65_536 }))
  expect(tail).toEqual([...lines.slice(-49), 'x'.repeat(2000)])
})

it('reads characters that come in pieces, and bytes that are none', async () => {
  expect(await output('über dem Meer\n', { chunk: 1 })).toMatchObject({ tail: ['über dem Meer'] })
})

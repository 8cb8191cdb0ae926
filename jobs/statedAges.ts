const ONES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen'
    .concat(' eighteen nineteen')
    .split(' ')
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const ADULT_AGE = 18

/** Words that stand for a stated age once {@link markAges} has run. */
export const AGE_MARKS = { minor: 'statedminorage', adult: 'statedadultage' } as const

const gap = String.raw`[\s\-_.,/'’]{0,4}`
const patterns = [
  // 15 years old, 15-year-old, 15yo, 15 y/o, 15yrs, 15 years of age
  String.raw`(?<![\d.])0*(\d{1,3})(?:[.,]\d+)?${gap}(?:(?:years?|yrs?|y)${gap}(?:old|young|of${gap}age|o(?!\p{L}))|yrs?(?!\p{L})|yo(?!\p{L}))`,
  // age 15, aged 15, age: 15, at the age of 15
  String.raw`(?<!\p{L})age[sd]?(?!\p{L})[\s:=_-]*(?:of|is|about|around|between|from|only|just)?\s*0*(\d{1,3})(?!\d)`,
  String.raw`(?<!\d)(\d{1,3})${gap}(?:st|nd|rd|th)?${gap}birthday`,
  String.raw`(?<!\d)(18|21)\s?\+`,
].map(source => new RegExp(source, 'gu'))
const YOUNGER_THAN =
  /(?<!\p{L})(?:under|below|younger than|not yet|almost|nearly)\s+(?:the\s+)?(?:age\s+of\s+)?1[0-8](?!\d)/gu
const UNDER_A_YEAR_OR_SO = new RegExp(String.raw`(?<!\d)\d{1,3}${gap}(?:month|week|day)s?${gap}old`, 'gu')

/** Replaces every stated age in folded text by a word that tells whether it is below 18. */
export function markAges(folded: string): string {
  const mark = (years: number) => ` ${years < ADULT_AGE ? AGE_MARKS.minor : AGE_MARKS.adult} `
  return patterns
    .reduce(
      (text, pattern) => text.replace(pattern, (_, years) => mark(Number(years))),
      withDigits(folded).replace(YOUNGER_THAN, mark(0)),
    )
    .replace(UNDER_A_YEAR_OR_SO, mark(0))
}

/** `sixteen` becomes `16`, `twenty-five` `25`. */
function withDigits(text: string): string {
  const number = (word: string) => ONES.indexOf(word)
  return text
    .replace(new RegExp(`(?<!\\p{L})(${ONES.join('|')})(?!\\p{L})`, 'gu'), word => String(number(word)))
    .replace(
      new RegExp(`(?<!\\p{L})(${TENS.join('|')})(?:[\\s-]*([1-9])(?!\\d))?(?!\\p{L})`, 'gu'),
      (_, tens, ones) => String((TENS.indexOf(tens) + 2) * 10 + Number(ones ?? 0)),
    )
}

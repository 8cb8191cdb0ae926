/** Stands for redacted text. */
export const WITHHELD = '[redacted]'
/** Shorter values would blank out ordinary words. */
const shortestSecret = 8

/**
 * Gives a function that blanks the given secrets in a finished line, however they got there: as they are, as JSON and
 * URL-encoded; and bearer tokens, JSON web tokens and signatures in query strings, whoever's they are.
 */
export function textCensor(secrets: readonly string[]): (text: string) => string {
  const spellings = secrets
    .filter(secret => secret.length >= shortestSecret)
    .flatMap(secret => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
  const distinct = [...new Set(spellings)].sort((a, b) => b.length - a.length)
  return text => {
    let censored = text
    for (const secret of distinct) censored = censored.replaceAll(secret, WITHHELD)
    return censored
      .replaceAll(/\beyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]+/g, WITHHELD)
      .replaceAll(/\b(Bearer) [\w.~+/=-]{8,}/gi, `$1 ${WITHHELD}`)
      .replaceAll(
        /([?&](?:token|access_token|key|apikey|sig|signature|x-amz-[a-z-]+)=)[^&"'\s\\]+/gi,
        `$1${WITHHELD}`,
      )
  }
}

/** What an address carries in its query: each value, as it stands there and decoded, and each `name=value`. */
export function secretsOfUrl(url: string | null): string[] {
  if (url === null) return []
  const { search, searchParams } = new URL(url)
  // A plus sign is a blank to some readers, and itself to others.
  const otherwise = new URLSearchParams(search.replaceAll('+', '%2B'))
  const pairs = search.slice(1).split('&')
  const written = pairs.map(pair => pair.slice(pair.indexOf('=') + 1))
  return [...searchParams.values(), ...otherwise.values(), ...written, ...pairs].filter(value => value !== '')
}

/**
 * Text as it may be drawn from, logged and stored: control characters and bidirectional controls are dropped (line breaks
 * and tabs become spaces), lone surrogates replaced. The controls mean nothing to a model; NUL and surrogates break
 * programs and databases further on, and bidirectional ones mislead whoever reads a log.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\t\n\v\f\r]+/g, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .trim()
}

/** Whether nothing of a text can be seen: blanks, joiners and other invisible characters only. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u.test(text)
}

import { expect, test } from 'vitest'
import { plainText, type TextStyle, textPath, textWidth, wrapText } from './text.ts'

const style: TextStyle = { sizePx: 20, weight: 400 }

test('makes any text plain', () => {
  expect(plainText(' a\0b\n\tc \u202Ed\u200B ')).toBe('a b c d')
  expect(plainText('\uD800x')).toBe('\uFFFDx')
  expect(plainText('e\u0301')).toBe('é')
})

test('wraps within the width, and ends in an ellipsis when there is more', () => {
  const lines = wrapText('a lighthouse on a rocky coast at dusk, with gulls', style, 150, 2)
  expect(lines).toHaveLength(2)
  expect(lines[1]?.endsWith('…')).toBe(true)
  for (const line of lines) expect(textWidth(line, style)).toBeLessThanOrEqual(150)
  expect(wrapText('two words', style, 500, 2)).toEqual(['two words'])
  for (const line of wrapText('w'.repeat(100), style, 150, 3)) {
    expect(textWidth(line, style)).toBeLessThanOrEqual(150)
  }
})

test('draws outlines of numbers only, and a box for what the font has not', () => {
  const text = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')
  for (let x = 0; x < 40; x += 0.37) {
    expect(textPath(`${text}ЖΩé`, x, 44.7, style)).toMatch(/^(?:[MLQCZ]|-?\d+\.\d\d| )*$/)
  }
  expect(textPath('灯', 0, 20, style)).toBe(textPath('🚲', 0, 20, style))
  expect(textPath('灯', 0, 20, style)).not.toBe('')
})

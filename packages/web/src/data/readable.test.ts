import { expect, it } from 'vitest'
import { readable } from './readable.ts'

it.each([
  ['GET /cart', 'GET /cart'],
  ['GET /سلة', 'GET /سلة'],
  ['חיפוש 🛒', 'חיפוש 🛒'],
  ['two\nlines', 'two\nlines'],
  ['GET /\u202etrac', 'GET /\\u202etrac'],
  ['\u2067a\u2069', '\\u2067a\\u2069'],
  ['a\u0000b\u001b[31m', 'a\\u0000b\\u001b[31m'],
])('%j is shown as %j', (text, shown) => {
  expect(readable(text)).toBe(shown)
})

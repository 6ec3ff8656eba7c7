import { expect, it } from 'vitest'
import { effectText, moment, percent, prose, shellWord } from './format.ts'

it.each([
  ['service.version=2.0.0', 'service.version=2.0.0'],
  ['flag:new-pricing=on', 'flag:new-pricing=on'],
  ['', "''"],
  ['a b', "'a b'"],
  ['shop; rm -rf ~', "'shop; rm -rf ~'"],
  ["it's $(id) `id`\n!", "'it'\\''s $(id) `id`\n!'"],
  ['service.version!=1', "'service.version!=1'"],
])('%j is one word of a shell', (text, word) => {
  expect(shellWord(text)).toBe(word)
})
it.each([
  [0.12345, '12.3\u00a0%'],
  [12.34, '1\u202f230\u00a0%'],
  [0.000_012_3, '0.00123\u00a0%'],
  [0.000_000_000_1, '<\u202f0.0001\u00a0%'],
  [0, '0\u00a0%'],
])('a share of %d is %j', (share, text) => {
  expect(percent(share)).toBe(text)
})

it.each([
  [1.42, 'ratio', '+42\u00a0%'],
  [0.939, 'ratio', '−6.1\u00a0%'],
  [1, 'ratio', '0\u00a0%'],
  [13.5, 'ratio', '+1\u202f250\u00a0%'],
  [0, 'difference', '0\u00a0pp'],
  [-0.004, 'difference', '−0.4\u00a0pp'],
  [1.5, 'odds-ratio', '×\u00a01.5'],
  [null, 'ratio', '–'],
] as const)('an effect of %d as a %s is %j', (value, kind, text) => {
  expect(effectText(value, kind)).toBe(text)
})

it.each([
  ['p95 38.5 ms -> 87.2 ms (+96 %)', 'p95 38.5\u00a0ms → 87.2\u00a0ms (+96\u00a0%)'],
  ['0.2 % -> 10 % (+7.3 pp), more than odds x 1.5', '0.2\u00a0% → 10\u00a0% (+7.3\u00a0pp), more than odds × 1.5'],
  ['0.3 % -> 27.2 % (odds at least x 21)', '0.3\u00a0% → 27.2\u00a0% (odds at least × 21)'],
  ['GET /a -> b x 3 is slower', 'GET /a -> b x 3 is slower'],
  ['3 h 36 min at this rate, 12 seconds', '3\u00a0h 36\u00a0min at this rate, 12 seconds'],
])('%j is printed as %j', (text, printed) => {
  expect(prose(text)).toBe(printed)
})

it('tells moments in sentences as elsewhere', () => {
  const iso = '2026-03-01T10:20:30.000Z'
  expect(prose(`between ${iso} and 2026-03-01T10:25:00Z.`)).toBe(
    `between ${moment(iso)} and ${moment('2026-03-01T10:25:00Z')}.`,
  )
})

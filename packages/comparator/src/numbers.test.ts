import { expect, it } from 'vitest'
import { bytes, count, duration, latency, number, percent, rounded, signed, tidy, times } from './numbers.ts'

it.each([
  [count(4200), '4\u202f200'],
  [count(999.6), '1\u202f000'],
  [percent(0.12345), '12.3 %'],
  [percent(0.12345, 2), '12 %'],
  [percent(0), '0 %'],
  [duration(0.4), '0 s'],
  [duration(59.6), '1 min'],
  [duration(75), '1 min 15 s'],
  [duration(3600), '1 h'],
  [duration(7500), '2 h 5 min'],
  [latency(0.0964), '96.4 ms'],
  [latency(9.9999), '10000 ms'],
  [latency(12.345), '12.3 s'],
  [latency(0.00012346, 4), '0.1235 ms'],
  [number(12345), '12\u202f300'],
  [number(-12345), '-12\u202f300'],
  [number(0.00123456), '0.00123'],
  [signed(52.3, ' %'), '+52 %'],
  [signed(-0.123, ' pp'), '-0.12 pp'],
  [signed(0, ' %'), '0 %'],
  [times(1.523), 'x 1.5'],
  [tidy(0.1 + 0.2), '0.3'],
  [rounded(12.3456789), 12.3457],
  [rounded(0.000123, 2), 0.00012],
  [bytes(0), '0 B'],
  [bytes(1_234_567), '1.23 MB'],
  [bytes(12.34), '12.3 B'],
])('%j reads %j', (shown, expected) => {
  expect(shown).toBe(expected)
})

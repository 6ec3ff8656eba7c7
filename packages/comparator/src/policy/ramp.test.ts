import { expect, it, test } from 'vitest'
import { parseRamp } from './ramp.ts'

it('is shares, and how long each stays', () => {
  expect(parseRamp('1%:30m, 0.5:2h,100%')).toEqual([
    { share: 0.01, seconds: 1_800 },
    { share: 0.5, seconds: 7_200 },
    { share: 1, seconds: 0 },
  ])
})

test.each(['', '1%,100%', '101%', '1%:soon,100%', '0%:1m,100%', '-5%:1m'])('is not %j', (text) => {
  expect(() => parseRamp(text)).toThrow(/such as 1%:30m,10%:1h,100%, got /)
})

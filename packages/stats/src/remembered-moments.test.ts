import { expect, it } from 'vitest'
import { logMoments } from './hypergeometric.ts'
import { rememberedMoments } from './remembered-moments.ts'

const tilts = Float64Array.of(-1, 0.5, 2)

it('gives what it worked out, again and for more numbers than it remembers', () => {
  const moments = rememberedMoments(tilts)
  const expected = new Float64Array(tilts.length)
  const wrong: string[] = []
  let asked = 0
  const ask = (n: number, m: number, events: number): void => {
    const from = moments.at(n, m, events)
    asked += 1
    logMoments({ n, m, events }, tilts, expected)
    if (expected.some((value, at) => value !== moments.values[from + at])) wrong.push(`${n} ${m} ${events}`)
  }
  for (let round = 0; round < 2; round += 1)
    for (let n = 1; n <= 200; n += 1)
      for (let m = 1; m <= 200; m += 1) for (let events = 1; events < 5; events += 1) ask(n, m, events)
  for (const [n, m, events] of [
    [2 ** 22, 1, 1],
    [2 ** 22 - 1, 1, 1],
    [5, 2 ** 17, 1],
    [5, 2 ** 17 - 1, 1],
    [20_000, 20_000, 2 ** 14],
    [20_000, 20_000, 2 ** 14 - 1],
  ] as const)
    for (let round = 0; round < 2; round += 1) ask(n, m, events)
  expect(asked).toBeGreaterThan(2 ** 18)
  expect(wrong).toEqual([])
})

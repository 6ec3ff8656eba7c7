import { describe, expect, it } from 'vitest'
import { conformalProcess, type Timed } from './conformal.ts'
import { randomOf } from './random.ts'

const timed = (values: readonly number[], from = 0): Timed[] => values.map((value, at) => ({ at: from + at, value }))

/** The share of seeded runs in which E ever reached 1/alpha over twenty values that `draw` gives as it gave the sixty before. */
function falseAlarms(draw: (random: () => number, at: number) => number, alpha: number, runs: number): number {
  const random = randomOf(17)
  let alarms = 0
  for (let run = 0; run < runs; run += 1) {
    const process = conformalProcess(timed(Array.from({ length: 60 }, (_, at) => draw(random, at))))
    for (let at = 60; at < 80; at += 1) process.add({ at, value: draw(random, at) })
    if (process.maxLogE >= Math.log(1 / alpha)) alarms += 1
  }
  return alarms / runs
}

describe('evidence with a block of time as one unit', () => {
  it.each<[string, (random: () => number, at: number) => number]>([
    ['even', (random) => random()],
    ['most often the same', (random) => (random() < 0.1 ? random() : 0)],
    ['now and then a thousand times higher', (random) => random() * (random() < 0.03 ? 1000 : 1)],
    ['without a mean', (random) => Math.tan(Math.PI * (random() - 0.5))],
  ])('keeps its level where values are %s', (_, draw) => {
    const [alpha, runs] = [0.05, 1_000]
    expect(falseAlarms(draw, alpha, runs)).toBeLessThan(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs))
  })

  it('keeps it where they drift evenly, which it would not without their trend', () => {
    expect(falseAlarms((random, at) => random() + at * 0.02, 0.05, 1_000)).toBeLessThan(0.08)
  })

  it('proves within four blocks what is higher than all of sixty, and nothing of what is as the margin allows', () => {
    const random = randomOf(3)
    const before = timed(Array.from({ length: 60 }, () => 0.1 + 0.01 * random()))
    const worse = conformalProcess(before, (value) => 1.5 * value)
    worse.add(...timed([0.3, 0.28, 0.31, 0.29], 60))
    expect(worse.maxLogE).toBeGreaterThan(Math.log(60))
    const within = conformalProcess(before, (value) => 1.5 * value)
    within.add(...timed([0.14, 0.145, 0.15, 0.14], 60))
    expect(within.logE).toBeLessThan(0)
  })

  it('is the product of its bets', () => {
    const process = conformalProcess(timed([1, 2, 3]))
    const paid = (p: number): number => [0.1, 0.25, 0.5].reduce((sum, bet) => sum + bet * p ** (bet - 1), 0) / 3
    process.add({ at: 3, value: 10 })
    // The trend of the three is one each time.
    expect(process.logE).toBeCloseTo(Math.log(paid(1 / 4)))
    process.add({ at: 4, value: 9 })
    expect(process.logE).toBeCloseTo(Math.log(paid(1 / 4) * paid(2 / 5)))
  })

  it('refuses what is no number', () => {
    expect(() => conformalProcess([{ at: 0, value: Number.NaN }])).toThrow('expected finite numbers')
  })
})

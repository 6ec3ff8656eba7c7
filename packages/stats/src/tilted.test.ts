import { expect, test } from 'vitest'
import { eventsOf, lognormal, scaled, sourceOf } from '../../../test/calibration/generate.ts'
import type { Distributions } from './distributions.ts'
import type { EProcess } from './e-process.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import { randomOf } from './random.ts'
import { rankProcess } from './rank.ts'
import type { Rates } from './rates.ts'
import { riskDifferenceProcess } from './risk-difference.ts'
import { tailProcess } from './tail.ts'
import { tiltedProcess } from './tilted.ts'

const enough = Math.log(60)
const healthyTicks = 360
const draw = randomOf(21)
const typical = lognormal({ median: 0.1, sigma: 0.6 })
const stable = sourceOf(scaled(typical, 1.1))
const healthy = sourceOf(typical)
const slow = sourceOf(scaled(typical, 1.3))
const latencies: Distributions[] = ticks((late) => ({
  stable: stable(450, draw),
  canary: (late ? slow : healthy)(50, draw),
}))
const rates: Rates[] = ticks((late) => ({
  stable: { n: 450, events: eventsOf(450, 0.01, draw) },
  canary: { n: 50, events: eventsOf(50, late ? 0.05 : 0.01, draw) },
}))

test.each([
  { name: 'rank', process: rankProcess({ alternative: 'greater' }), blocks: latencies, within: 40 },
  { name: 'top 10 %', process: tailProcess({ alternative: 'greater', share: 0.1 }), blocks: latencies, within: 60 },
] as const)(
  '$name: harm that begins after a healthy half hour is found within $within ticks',
  ({ process, blocks, within }) => {
    expectLateHarm(process, blocks, within)
  },
)

test.each([
  { name: 'odds ratio', process: oddsRatioProcess({ alternative: 'greater', oddsRatio: 1.5 }), within: 45 },
  { name: 'difference', process: riskDifferenceProcess({ alternative: 'greater', difference: 0.001 }), within: 30 },
])('$name: errors that begin after a healthy half hour are found within $within ticks', ({ process, within }) => {
  expectLateHarm(process, rates, within)
})

test('`less` has no second start: what was bad at first has to be made up for', () => {
  const process = tiltedProcess<number>(1, 'less', (logFactor, into) => {
    into[0] = logFactor
    return 10
  })
  for (let at = 0; at < 10; at += 1) process.add(-1)
  expect(process.logE).toBeCloseTo(-10, 12)
  for (let at = 0; at < 12; at += 1) process.add(1)
  expect(process.logE).toBeCloseTo(2, 12)
})

test.each(['greater', 'less'] as const)(
  '%s: no tick multiplies E by more than three, however many strata say the same',
  (alternative) => {
    const process = tiltedProcess<number>(2, alternative, (logFactor, into) => {
      into[0] = logFactor
      into[1] = 3 * logFactor
      return 10
    })
    let before = 0
    for (const strata of [[50], [1, 1, 1], [0.1], [-2], [0.4, 0.5], [700, 700]]) {
      process.add(...strata)
      expect(process.logE - before).toBeLessThanOrEqual(Math.log(3) + 1e-12)
      before = process.logE
    }
  },
)

test('a hopeless hypothesis stays a number, and can be made up for, however far it sinks', () => {
  const process = tiltedProcess<number>(2, 'less', (logFactor, into) => {
    into.fill(logFactor)
    return 10
  })
  for (let at = 0; at < 100; at += 1) process.add(-1e4)
  expect(process.logE).toBeCloseTo(-1e6, 3)
  for (let at = 0; at < 1_000_000; at += 1) process.add(1)
  expect(process.logE).toBeCloseTo(0, 3)
  process.add(1)
  expect(process.maxLogE).toBeCloseTo(1, 3)
})

test('a healthy canary never costs more than the stake that was put in', () => {
  const process = rankProcess({ alternative: 'greater' })
  let information = 0
  for (const block of latencies.slice(0, healthyTicks)) {
    process.add(block)
    information += 45
    expect(process.logE).toBeGreaterThanOrEqual(Math.log(0.2 / (1 + Math.log1p(information / 100))) - 1e-12)
  }
})

test('a block with nothing to tell changes nothing, the stake included', () => {
  const process = tiltedProcess<number>(2, 'greater', (information, into) => {
    into.fill(1)
    return information
  })
  process.add(0)
  expect(process.logE).toBe(0)
  process.add(5)
  const before = process.logE
  process.add(0)
  expect(process.logE).toBe(before)
})

function expectLateHarm<Block>(process: EProcess<Block>, blocks: readonly Block[], within: number): void {
  for (const block of blocks.slice(0, healthyTicks)) process.add(block)
  expect(process.maxLogE).toBeLessThan(enough)
  for (const block of blocks.slice(healthyTicks, healthyTicks + within)) process.add(block)
  expect(process.maxLogE).toBeGreaterThan(enough)
}

function ticks<Block>(make: (late: boolean) => Block): Block[] {
  return Array.from({ length: healthyTicks + 80 }, (_, tick) => make(tick >= healthyTicks))
}

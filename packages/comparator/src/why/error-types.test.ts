import { expect, it } from 'vitest'
import { type Arm, factsOf, firstTick, randomOf, trafficOf } from '../../test/slices.ts'
import type { ErrorTypeTick } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import { errorTypesOf } from './error-types.ts'

/** So many traces of each cohort a tick, each with a type by chance. */
function ticksOf(
  types: Readonly<Record<string, readonly [stable: number, canary: number]>>,
  seed = 1,
): ErrorTypeTick[] {
  const random = randomOf(seed)
  const events = (n: number, chance: number): number =>
    Array.from({ length: n }, random).filter((u) => u < chance).length
  return Array.from({ length: 60 }, (_, i) =>
    Object.entries(types).map(([type, [stable, canary]]) => ({
      type,
      operation: 'GET /cart',
      tick: firstTick + i * 5000,
      stable: { n: 450, events: events(450, stable) },
      canary: { n: 50, events: events(50, canary) },
    })),
  ).flat()
}

const found = (errorTypes: readonly ErrorTypeTick[]): string[] =>
  errorTypesOf({ errorTypes }, defaultPolicy).flatMap((one) => (one.more ? [one.type] : []))

it('a type that only the canary has is found, and that it is new', () => {
  const types = errorTypesOf({ errorTypes: ticksOf({ TypeError: [0, 0.003], Timeout: [0.01, 0.01] }) }, defaultPolicy)
  expect(types[0]).toMatchObject({ type: 'TypeError', stable: 0, new: true, more: true, operations: ['GET /cart'] })
  expect(types[1]).toMatchObject({ type: 'Timeout', new: false, more: false })
})

it('one request is no proof', () => {
  const [one] = ticksOf({ TypeError: [0, 0] })
  const once: ErrorTypeTick = { ...one!, canary: { n: 50, events: 1 } }
  expect(errorTypesOf({ errorTypes: [once] }, defaultPolicy)).toMatchObject([{ new: true, more: false, canary: 1 }])
})

it('of twenty types that are alike hardly one is ever found', () => {
  const alike = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`Type${i}`, [0.004, 0.004] as const]))
  const runs = 60
  const wrong = Array.from({ length: runs }, (_, seed) => found(ticksOf(alike, seed))).filter(
    (types) => types.length > 0,
  )
  expect(wrong.length).toBeLessThanOrEqual(0.05 * runs)
})

it('what stable has and the canary has not is not listed', () => {
  expect(errorTypesOf({ errorTypes: ticksOf({ Timeout: [0.01, 0] }) }, defaultPolicy)).toEqual([])
})

it('a failed finding of errors names the type that there is more of, and a new one is told in any case', () => {
  const arm: Arm = { n: 450 }
  const operations = { 'GET /cart': { stable: arm, canary: { n: 50, errors: 0.05 } } }
  const errorTypes = ticksOf({ TypeError: [0, 0.05] })
  const verdict = judge(trafficOf({ ticks: 60, seed: 2, operations }), defaultPolicy, { ...factsOf(60), errorTypes })
  expect(verdict.reasons[0]!.message).toMatch(
    /^GET \/cart is failing more often: .* Mostly TypeError: \d+ in canary, none in stable\.$/,
  )
  expect(verdict.reasons).toContainEqual({
    code: 'new-error-type',
    weight: 'note',
    message: expect.stringMatching(
      /^New errors, which stable does not have: TypeError \(\d+ requests of GET \/cart\)\.$/,
    ),
  })
})

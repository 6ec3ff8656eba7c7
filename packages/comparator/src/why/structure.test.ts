import { expect, it } from 'vitest'
import { randomOf } from '../../test/slices.ts'
import type { SpanTick } from '../facts.ts'
import { defaultPolicy } from '../policy/policy.ts'
import { structureOf, structureReasons } from './structure.ts'

/** Ticks in which a trace has each span by chance. */
function ticksOf(spans: Readonly<Record<string, readonly [stable: number, canary: number]>>, seed = 1): SpanTick[] {
  const random = randomOf(seed)
  const has = (n: number, chance: number): { n: number; events: number } => ({
    n,
    events: Array.from({ length: n }, random).filter((u) => u < chance).length,
  })
  return Array.from({ length: 24 }, (_, i) =>
    Object.entries(spans).map(([name, [stable, canary]]) => ({
      tick: i * 5000,
      kind: 'client',
      name,
      stable: has(90, stable),
      canary: has(10, canary),
    })),
  ).flat()
}

it('finds what only one cohort does, both ways, and says how often', () => {
  const structure = ticksOf({ SELECT: [1, 1], 'INSERT audit': [0, 0.5], 'GET cache': [0.9, 0] })
  const changes = structureOf({ structure }, defaultPolicy)
  expect(changes).toMatchObject([
    { name: 'GET cache', change: 'missing', share: expect.closeTo(0.9, 1) },
    { name: 'INSERT audit', change: 'new', share: expect.closeTo(0.5, 1) },
  ])
  expect(structureReasons(changes).map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^Requests of canary have spans below them that stable's never have: client INSERT audit \(in \d+(\.\d)? % of requests\)\.$/,
    ),
    expect.stringMatching(
      /^Requests of canary lack spans below them that stable's have: client GET cache \(in \d+(\.\d)? % of requests\)\.$/,
    ),
  ])
})

it('says nothing of what is rare in both, more often in one, or was seen once', () => {
  const structure = ticksOf({ SELECT: [0.2, 0.8], rare: [0.001, 0.001] })
  const once: SpanTick = { ...structure[0]!, name: 'once', stable: { n: 90, events: 0 }, canary: { n: 10, events: 1 } }
  expect(structureOf({ structure: [...structure, once] }, defaultPolicy)).toEqual([])
})

it('of forty spans that are alike hardly one is ever found', () => {
  const alike = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`span ${i}`, [0.01, 0.01] as const]))
  const wrong = Array.from(
    { length: 40 },
    (_, seed) => structureOf({ structure: ticksOf(alike, seed) }, defaultPolicy)!,
  )
  expect(wrong.filter((changes) => changes.length > 0).length).toBeLessThanOrEqual(2)
})

it('is not known where it was not looked at', () => {
  expect(structureOf({}, defaultPolicy)).toBeNull()
  expect(structureReasons(null)).toEqual([])
})

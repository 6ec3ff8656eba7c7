import { defaultPolicy, judge } from '@coalmine/comparator'
import pc from 'picocolors'
import { expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../comparator/test/slices.ts'
import { interactionTables } from './interaction-tables.ts'
import { whyLines } from './why.ts'

const stable = { n: 40, errors: 0.02 }
const small = Array.from({ length: 30 }, (_, i) => [
  `GET /${i}`,
  { stable, canary: { ...stable, errors: i < 7 ? 0.3 : 0.02 } },
])
const verdict = judge(
  trafficOf({ ticks: 24, seed: 1, operations: Object.fromEntries(small) }),
  defaultPolicy,
  factsOf(24),
)
const message = 'It is this.'
const interaction = { flag: 'a', variants: ['off', 'on'], metric: 'errors', operation: null } as const
const interactions = Array.from({ length: 5 }, () => ({
  ...interaction,
  carries: 'not-settled' as const,
  cells: [],
  unit: 'share' as const,
  statistic: 'share of requests' as const,
  effects: null,
  message,
}))
const trace = (id: string) => ({ traceId: id.repeat(32), start: '2026-01-01T00:00:00.000Z', seconds: 0.1 })
const counts = { with: { n: 10, bad: 5 }, without: { n: 10, bad: 0 } }
const explained = { explained: 0.8, canary: counts, stable: counts, logE: 9, message }
const why = {
  metric: 'errors',
  operation: null,
  bad: 'failed',
  slowFromSeconds: null,
  examined: 9,
  attributes: [
    { ...explained, attribute: 'x=1', alike: ['y=1', 'z=1', 'w=1'] },
    { ...explained, attribute: 'x=2', alike: [] },
    { ...explained, attribute: 'x=3', alike: [] },
  ],
} as const

it('tells what a failure comes from in six lines at most', () => {
  const exemplars = { metric: 'errors', operation: null, stable: [trace('a')], canary: [trace('b'), trace('c')] }
  expect(whyLines({ ...verdict, interactions, why, exemplars })).toEqual([
    [
      'also',
      expect.stringMatching(/^Also worse, at a false discovery rate of 5 %: GET \/\d \(errors\), .* and 2 more\.$/),
    ],
    ['why', message],
    ['why', message],
    ['why', `${message} The same requests also have y=1, z=1 and 1 more.`],
    ['trace', `stable ${'a'.repeat(32)}`],
    ['trace', `canary ${'b'.repeat(32)} ${'c'.repeat(32)}`],
  ])
})

it('shows the four cells of a flag as a small table', () => {
  const cell = (cohort: 'stable' | 'canary', variant: string, value: number | null) =>
    ({ cohort, variant, count: 10, events: null, value }) as const
  const cells = [
    cell('stable', 'off', 0.1),
    cell('stable', 'on', 0.1),
    cell('canary', 'off', 0.1),
    cell('canary', 'on', null),
  ]
  const told = { ...interactions[0]!, metric: 'latency', statistic: 'p50', unit: 'seconds', cells } as const
  expect(interactionTables({ ...verdict, interactions: [told] }, pc.createColors(false))).toEqual([
    '',
    '  latency p50  a=off   a=on',
    '  stable       100 ms  100 ms',
    '  canary       100 ms  -',
  ])
  expect(interactionTables({ ...verdict, interactions }, pc.createColors(false))).toEqual([])
})

it('says nothing where there is nothing to say', () => {
  expect(whyLines({ ...verdict, regressed: [] })).toEqual([])
})

import { defaultPolicy, judge } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../comparator/test/slices.ts'
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
  comparisons: [],
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
      expect.stringMatching(/^GET \/\d \(errors\), .* and 2 more: worse too, at a false discovery rate of 5 %\.$/),
    ],
    ['why', message],
    ['why', message],
    ['why', `${message} The same requests have y=1, z=1 and 1 more.`],
    ['trace', `stable ${'a'.repeat(32)}`],
    ['trace', `canary ${'b'.repeat(32)} ${'c'.repeat(32)}`],
  ])
})

it('says nothing where there is nothing to say', () => {
  expect(whyLines({ ...verdict, regressed: [] })).toEqual([])
})

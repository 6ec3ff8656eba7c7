import { expect, it } from 'vitest'
import { conforms } from '../../test/schema.ts'
import { factsOf, trafficOf } from '../../test/slices.ts'
import type { SpanMetricsFacts } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy, type Policy } from '../policy/policy.ts'
import type { Side, Slice } from '../slice.ts'
import type { Verdict } from '../verdict/verdict.ts'

const arm = { n: 200, errors: 0.01 }
const slices = trafficOf({
  ticks: 60,
  seed: 1,
  operations: { 'GET /': { stable: arm, canary: { ...arm, slower: 4 } } },
})
const none = { stable: 0, canary: 0 }
const known: SpanMetricsFacts = {
  name: 'http_server_request_duration_seconds',
  kind: 'native',
  cellSeconds: 15,
  joinedCells: 0,
  testsApart: false,
  undated: none,
  warmUp: none,
  notMeasured: [],
  bucketsDiffer: null,
}
const judged = (
  more: Partial<SpanMetricsFacts>,
  some: readonly Slice[] = slices,
  policy: Policy = defaultPolicy,
): Verdict => judge(some, policy, factsOf(60, { source: 'metrics', spanMetrics: { ...known, ...more } }))
const reasonsOf = (verdict: Verdict, code: string) => verdict.reasons.filter((reason) => reason.code === code)

it('says what span metrics cannot tell, and that spans count', () => {
  const verdict = judged({})
  expect(verdict).toMatchObject({ verdict: 'fail', unit: 'span', source: 'metrics' })
  expect(conforms(verdict)).toBe(true)
  expect(reasonsOf(verdict, 'span-metrics')[0]!.message).toBe(
    'Judged from the native histograms http_server_request_duration_seconds, in cells of 15 s. Every span counts, and is taken to be independent of the others. They cannot say why, nor name traces, nor tell test traffic apart.',
  )
})

it('of buckets that differ means nothing', () => {
  const verdict = judged({
    bucketsDiffer: {
      operation: 'GET /',
      bounds: [
        [0.005, 0.1],
        [0.005, 0.25],
      ],
    },
  })
  expect(verdict.verdict).toBe('invalid')
  expect(conforms(verdict)).toBe(true)
  expect(reasonsOf(verdict, 'buckets-differ')[0]!.message).toContain('(5, 100 ms and 5, 250 ms)')
})

it.each([
  ['latency', 'blocks'],
  ['errors', 'blocks'],
  ['client-errors', 'note'],
] as const)('without %s: %s', (metric, weight) => {
  const [reason] = reasonsOf(judged({ notMeasured: [{ metric, why: 'there is none.' }] }), 'not-measured')
  expect(reason).toEqual({ code: 'not-measured', weight, message: `${metric} is not judged: there is none.` })
})

it('says what was left out', () => {
  const verdict = judged({ undated: { stable: 3, canary: 4 }, warmUp: { stable: 0, canary: 5 }, joinedCells: 2 })
  expect(verdict.reasons.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['first-scrapes-left-out', 'warm-up-left-out', 'scrapes-missed']),
  )
})

/** All in one bucket. */
const inBucket = (index: number, bounds: readonly number[]): Slice[] =>
  slices.map((slice) => {
    const side = (of: Side): Side =>
      of.kind === 'distribution'
        ? { ...of, bounds, histogram: { scale: 0, zero: 0, indices: [index], counts: [of.n] } }
        : of
    return slice.metric === 'latency' ? { ...slice, stable: side(slice.stable), canary: side(slice.canary) } : slice
  })

it.each([
  [0, [0.005, 0.01], 'between 0 ms and 5 ms', '--margin latency=5ms'],
  [1, [0.1, 0.25], 'between 100 ms and 250 ms', '--margin latency=150%'],
  [2, [0.1, 0.25], 'above 250 ms', 'finer buckets, or --slower-than'],
])('says which margin bucket %i of %j can show', (index, bounds, where, way) => {
  const [reason] = reasonsOf(judged({ kind: 'classic' }, inBucket(index, bounds)), 'coarse-buckets')
  expect(reason!.message).toContain(where)
  expect(reason!.message).toContain(way)
})

it('says so of native histograms too, where they are too wide, and not where they are not', () => {
  const widened = (scale: number): Slice[] =>
    slices.map((slice) => {
      const side = (of: Side): Side =>
        of.kind === 'distribution' ? { ...of, histogram: { scale, zero: 0, indices: [3], counts: [of.n] } } : of
      return slice.metric === 'latency' ? { ...slice, stable: side(slice.stable), canary: side(slice.canary) } : slice
    })
  expect(reasonsOf(judged({}, widened(2)), 'coarse-buckets')).toHaveLength(1)
  expect(reasonsOf(judged({}, widened(3)), 'coarse-buckets')).toEqual([])
})

it('refuses slices whose bounds are not the same', () => {
  const some = [...inBucket(1, [0.1, 0.25]).slice(0, 4), ...inBucket(1, [0.1, 0.5]).slice(4)]
  expect(() => judged({}, some)).toThrow('values of GET /: expected buckets of the same bounds in every slice')
})

it('judges bounded buckets by tests that look once, too', () => {
  const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25]
  const far = inBucket(1, bounds).map((slice) => {
    const { canary } = slice
    if (canary.kind !== 'distribution') return slice
    return { ...slice, canary: { ...canary, histogram: { ...canary.histogram, indices: [4] } } }
  })
  const verdict = judged({ kind: 'classic' }, far, { ...defaultPolicy, mode: 'fixed' })
  expect(verdict.verdict).toBe('fail')
  const latency = verdict.findings.find(({ metric }) => metric === 'latency')!
  // From at most 10 ms to at least 50 ms.
  expect(latency.interval.lower).toBeGreaterThan(4.8)
  expect(latency.interval.lower).toBeLessThan(5.1)
})

// Half hours of instances, judged as a server judges them: by slices and what each instance did in a minute and a half, and where that
// is a FAIL again with what each did in each tick.
import {
  defaultPolicy,
  type Facts,
  type FairnessFacts,
  type InstanceCell,
  judge,
  plainFacts,
  type Slice,
  tickMs,
  type Verdict,
} from '@coalmine/comparator'
import { type Histogram, mergeHistograms, randomOf } from '@coalmine/stats'
import type { Result } from '../simulate.ts'
import { lowest, type Nuisance, type Served, type Size, served } from './fleet.ts'

export interface Fleet {
  readonly size: Size
  readonly perSecond: number
  readonly nuisance: Nuisance
}

const operation = 'GET /'
const ticksOfABlock = 18

/** So many half hours of a fleet, each judged. */
export function simulateFleet({ size, perSecond, nuisance }: Fleet, runs: number, seed: number): Result {
  const verdicts = Array.from({ length: runs }, (_, run) =>
    verdictOf(served(size, perSecond, nuisance, randomOf(seed * 1_000_003 + run)), size),
  )
  const secondsTo = (outcome: 'fail' | 'pass'): number[] =>
    verdicts
      .map(({ verdict, decidedAfterSeconds }) => (verdict === outcome ? (decidedAfterSeconds ?? Infinity) : Infinity))
      .sort((a, b) => a - b)
  return {
    runs,
    failed: verdicts.filter(({ verdict }) => verdict === 'fail').length,
    passed: verdicts.filter(({ verdict }) => verdict === 'pass').length,
    splitMissed: 0,
    failedAt: null,
    secondsToFail: secondsTo('fail'),
    secondsToPass: secondsTo('pass'),
    peers: {},
  }
}

function verdictOf(
  ticks: readonly (readonly Served[])[],
  size: Size,
): Pick<Verdict, 'verdict' | 'decidedAfterSeconds'> {
  const histograms = ticks.map((instances) => instances.map(histogramOf))
  const slices = ticks.flatMap((instances, at) => slicesOf(instances, histograms[at]!, size, at * tickMs))
  const facts = factsOf(ticks, size)
  const fairness: FairnessFacts = { ...unknown, cells: cellsOf(ticks, histograms, size) }
  const first = judge(slices, defaultPolicy, { ...facts, fairness })
  if (first.verdict !== 'fail' || size.canary === 1) return first
  const instanceTicks = ticks.flatMap((instances, at) =>
    instances.map((one, which) => ({
      ...named(which, size),
      tick: at * tickMs,
      traces: one.n,
      errors: one.errors,
      clientErrors: 0,
      innerErrors: 0,
      latency: mergeHistograms([histograms[at]![which]!, { scale: 3, zero: 0, indices: [], counts: [] }]),
    })),
  )
  return judge(slices, defaultPolicy, { ...facts, fairness: { ...fairness, instanceTicks } })
}

const unknown: FairnessFacts = {
  warmUp: { stable: 0, canary: 0 },
  instances: null,
  cells: [],
  builds: { stableFirstMs: -86_400_000, canaryFirstMs: 0, unmarkedRequests: 0 },
  aheadMs: 0,
  calls: [],
  sample: null,
}

function named(which: number, { canary }: Size): Pick<InstanceCell, 'cohort' | 'instance' | 'operation'> {
  return { cohort: which < canary ? 'canary' : 'stable', instance: `instance-${which}`, operation }
}

function histogramOf({ counts }: Served): Histogram {
  const indices: number[] = []
  const found: number[] = []
  counts.forEach((count, at) => {
    if (count === 0) return
    indices.push(at + lowest)
    found.push(count)
  })
  return { scale: 5, zero: 0, indices, counts: found }
}

function slicesOf(
  instances: readonly Served[],
  histograms: readonly Histogram[],
  { canary }: Size,
  tick: number,
): Slice[] {
  const arms = {
    canary: { some: instances.slice(0, canary), histogram: mergeHistograms(histograms.slice(0, canary)) },
    stable: { some: instances.slice(canary), histogram: mergeHistograms(histograms.slice(canary)) },
  }
  const side = (arm: 'stable' | 'canary') => ({
    n: arms[arm].some.reduce((sum, one) => sum + one.n, 0),
    events: arms[arm].some.reduce((sum, one) => sum + one.errors, 0),
    histogram: arms[arm].histogram,
  })
  const [stable, ofCanary] = [side('stable'), side('canary')]
  const both = <S>(make: (one: typeof stable) => S) => ({
    tick,
    operation,
    stable: make(stable),
    canary: make(ofCanary),
  })
  return [
    { metric: 'requests', ...both(({ n }) => ({ kind: 'count', n }) as const) },
    { metric: 'errors', ...both(({ n, events }) => ({ kind: 'rate', n, events }) as const) },
    { metric: 'client-errors', ...both(({ n }) => ({ kind: 'rate', n, events: 0 }) as const) },
    { metric: 'latency', ...both(({ n, histogram }) => ({ kind: 'distribution', n, histogram }) as const) },
  ]
}

function cellsOf(
  ticks: readonly (readonly Served[])[],
  histograms: readonly (readonly Histogram[])[],
  size: Size,
): InstanceCell[] {
  return Array.from({ length: Math.ceil(ticks.length / ticksOfABlock) }, (_, block) => {
    const from = block * ticksOfABlock
    const some = ticks.slice(from, from + ticksOfABlock)
    return some[0]!.map((_, which) => ({
      ...named(which, size),
      tick: from * tickMs,
      traces: some.reduce((sum, tick) => sum + tick[which]!.n, 0),
      errors: some.reduce((sum, tick) => sum + tick[which]!.errors, 0),
      latency: mergeHistograms(histograms.slice(from, from + some.length).map((tick) => tick[which]!)),
    }))
  }).flat()
}

function factsOf(ticks: readonly (readonly Served[])[], size: Size): Facts {
  const arm = (instances: number, from: number, selector: string) => {
    const requests = ticks.reduce(
      (sum, tick) => sum + tick.slice(from, from + instances).reduce((all, one) => all + one.n, 0),
      0,
    )
    return { selector, requests, instances }
  }
  return plainFacts({
    service: 'calibration',
    startMs: 0,
    endMs: ticks.length * tickMs,
    stable: arm(size.stable, size.canary, 'service.version=1.0.0'),
    canary: arm(size.canary, 0, 'service.version=2.0.0'),
    version: '0.0.0',
  })
}

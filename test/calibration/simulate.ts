// One cell of the calibration: the same traffic many times, each half an hour of it judged as users have it judged.
import { defaultPolicy, type Facts, judge, type Policy, type Slice, tickMs } from '@coalmine/comparator'
import { type Distribution, eventsOf, type Random, random, type Source, scaled, sourceOf } from './generate.ts'

export interface Arm {
  readonly latency?: Distribution
  readonly errors?: number
  /** How many of its requests leave a span at all. */
  readonly kept?: number
}

export interface Traffic {
  readonly stable: Arm
  readonly canary: Arm
  readonly ticks: number
  /** The tick at which the canary becomes what it is; before, it is like stable. */
  readonly from?: number
  /** The requests are spread over so many operations. */
  readonly operations?: number
  /** Requests in a tick, both arms together; each is the canary's with the chance `share`. */
  readonly requests: number
  readonly share: (tick: number) => number
  /** Multiplies latencies and rates of both arms: the time of the day. */
  readonly level: (tick: number) => number
}

/** Setting B0: 100 requests/s, 10 % to the canary, ticks of 5 s, half an hour. */
export const b0 = {
  ticks: 360,
  requests: 500,
  share: (): number => 0.1,
  level: (): number => 1,
}

export interface Cell {
  readonly name: string
  readonly traffic: Traffic
  readonly policy?: Partial<Policy>
  readonly runs: number
}

export interface Result {
  readonly runs: number
  readonly failed: number
  readonly passed: number
  /** Reasons of the code `split-missed`. */
  readonly splitMissed: number
  /** Seconds to the verdict that the cell is about, those that did not reach it as Infinity, ascending. */
  readonly secondsToFail: readonly number[]
  readonly secondsToPass: readonly number[]
}

export function simulate({ traffic, policy, runs }: Cell, seed: number): Result {
  const draw = drawer(traffic)
  const judged = { ...defaultPolicy, ...policy }
  const verdicts = Array.from({ length: runs }, (_, run) => {
    const slices = draw(random(seed * 1_000_003 + run))
    const { verdict, decidedAfterSeconds, reasons } = judge(slices, judged, factsOf(slices, traffic.ticks))
    return { verdict, seconds: decidedAfterSeconds ?? Infinity, reasons }
  })
  const secondsTo = (outcome: 'fail' | 'pass'): number[] =>
    verdicts.map(({ verdict, seconds }) => (verdict === outcome ? seconds : Infinity)).sort((a, b) => a - b)
  return {
    runs,
    failed: verdicts.filter(({ verdict }) => verdict === 'fail').length,
    passed: verdicts.filter(({ verdict }) => verdict === 'pass').length,
    splitMissed: verdicts.filter(({ reasons }) => reasons.some(({ code }) => code === 'split-missed')).length,
    secondsToFail: secondsTo('fail'),
    secondsToPass: secondsTo('pass'),
  }
}

export function median(ascending: readonly number[]): number {
  return ascending[Math.floor(ascending.length / 2)]!
}

// The drawing of one half hour; what does not change from run to run is worked out once.
function drawer({
  stable,
  canary,
  ticks,
  from = 0,
  operations = 1,
  requests,
  share,
  level,
}: Traffic): (draw: Random) => Slice[] {
  const stableLatency = sourcesByLevel(stable.latency)
  const canaryLatency = sourcesByLevel(canary.latency)
  const slicesOf = (tick: number, operation: string, draw: Random): Slice[] => {
    const [now, latencyNow] = tick < from ? [stable, stableLatency] : [canary, canaryLatency]
    const size = Math.round(requests / operations)
    const arrived = eventsOf(size, share(tick), draw)
    const n = size - arrived
    const m = eventsOf(arrived, now.kept ?? 1, draw)
    const common = { tick: tick * tickMs, operation }
    const events = (arm: Arm, of: number): number => eventsOf(of, (arm.errors ?? 0) * level(tick), draw)
    const rate = (of: number, some: number) => ({ kind: 'rate' as const, n: of, events: some })
    const counted: Slice[] = [
      { ...common, metric: 'requests', stable: { kind: 'count', n }, canary: { kind: 'count', n: m } },
      { ...common, metric: 'errors', stable: rate(n, events(stable, n)), canary: rate(m, events(now, m)) },
      { ...common, metric: '4xx', stable: rate(n, 0), canary: rate(m, 0) },
    ]
    if (!stableLatency || !latencyNow) return counted
    const values = (source: Source, of: number) => ({
      kind: 'distribution' as const,
      n: of,
      histogram: source(of, draw),
    })
    const timed = { stable: values(stableLatency(level(tick)), n), canary: values(latencyNow(level(tick)), m) }
    return [...counted, { ...common, metric: 'latency', ...timed }]
  }
  const names = Array.from({ length: operations }, (_, at) => `GET /${at}`)
  return (draw) =>
    Array.from({ length: ticks }, (_, tick) => names.flatMap((name) => slicesOf(tick, name, draw))).flat()
}

function sourcesByLevel(latency: Distribution | undefined): ((level: number) => Source) | undefined {
  if (!latency) return undefined
  const known = new Map<number, Source>()
  return (level) => {
    const source = known.get(level) ?? sourceOf(scaled(latency, level))
    known.set(level, source)
    return source
  }
}

function factsOf(slices: readonly Slice[], ticks: number): Facts {
  const arm = (name: 'stable' | 'canary', build: string) => {
    const requests = slices.reduce((sum, slice) => sum + (slice.metric === 'requests' ? slice[name].n : 0), 0)
    return {
      selector: `service.version=${build}`,
      requests,
      traces: requests,
      instances: 3,
      testRequests: 0,
      flags: [],
    }
  }
  return {
    service: 'calibration',
    window: {
      start: new Date(0).toISOString(),
      end: new Date(ticks * tickMs).toISOString(),
      seconds: (ticks * tickMs) / 1000,
      anchored: true,
    },
    stable: arm('stable', '1.0.0'),
    canary: arm('canary', '2.0.0'),
    traffic: 'users',
    audience: [],
    overlap: 0,
    mixedRequests: 0,
    lateSpans: 0,
    source: 'ticks',
    version: '0.0.0',
  }
}

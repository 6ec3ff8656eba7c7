// One cell of the calibration: the same traffic many times, each half an hour of it judged as users have it judged.
import {
  defaultPolicy,
  type Facts,
  judge,
  type Policy,
  plainFacts,
  type Side,
  type Slice,
  tickMs,
} from '@coalmine/comparator'
import { type Histogram, mergeHistograms, type Random, randomOf } from '@coalmine/stats'
import { arrivals, type Distribution, eventsOf, normal, type Source, scaled, sourceOf } from './generate.ts'
import { type Peer, peers } from './peers/peer.ts'

export interface Arm {
  readonly latency?: Distribution
  /** One value a trace, where those are not drawn from a distribution. */
  readonly traces?: Source
  readonly errors?: number
  /** A number of which a share is zero: the metric `number`. */
  readonly number?: { readonly zeros: number; readonly others: Distribution }
  /** The rates of the metrics `share0`, `share1` and so on. */
  readonly shares?: readonly number[]
  /** How many of its requests leave a span at all. */
  readonly kept?: number
}

export interface Traffic {
  readonly stable: Arm
  readonly canary: Arm
  readonly ticks: number
  /** The tick at which the canary becomes what it is; before, it is like stable. */
  readonly from?: number
  /** So many ticks the canary is so many times slower: what starts is cold. `left` leaves them out of latency, as warm-up does. */
  readonly cold?: { readonly ticks: number; readonly times: number; readonly left: boolean }
  /** The requests are spread over so many operations. */
  readonly operations?: number
  /** Requests in a tick, both arms together, on average; each is the canary's with the chance `share`. */
  readonly requests: number
  readonly share: (tick: number) => number
  /** Requests come so many at a time. */
  readonly batch?: number
  /** Multiplies latencies and rates of both arms: the time of the day. */
  readonly level: (tick: number) => number
  /** The logarithm of both arms' latencies is an AR(1) process besides. */
  readonly drift?: { readonly sd: number; readonly rho: number }
  /** Each instance has a latency of its own, by its logarithm's standard deviation. */
  readonly pods?: { readonly sd: number; readonly stable: number; readonly canary: number }
  /** Of the histograms' buckets. */
  readonly scale?: number
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
  /** Whose rules are asked the same question on the same traffic. */
  readonly peers?: Peer['about']
}

export interface Result {
  readonly runs: number
  readonly failed: number
  readonly passed: number
  /** Reasons of the code `split-missed`. */
  readonly splitMissed: number
  /** Where there is one finding: how many runs would have failed at each alpha. */
  readonly failedAt: Readonly<Record<string, number>> | null
  /** Seconds to the verdict that the cell is about, those that did not reach it as Infinity, ascending. */
  readonly secondsToFail: readonly number[]
  readonly secondsToPass: readonly number[]
  /** Of runs in which what carries a FAIL was to be named: how many were right in the end, and how many ever wrong. */
  readonly named?: { readonly right: number; readonly wrong: number }
  /** Seconds to the alarm of each peer. */
  readonly peers: Readonly<Record<string, readonly number[]>>
}

export const alphas = [0.05, 0.01, 0.001] as const

export function simulate({ traffic, policy, runs, peers: about }: Cell, seed: number): Result {
  const draw = drawer(traffic)
  const judged = { ...defaultPolicy, ...policy }
  const alarms = peers
    .filter((peer) => peer.about === about)
    .map(({ name, firstAlarm }) => ({ name, firstAlarm, seconds: [] as number[] }))
  const verdicts = Array.from({ length: runs }, (_, run) => {
    const slices = draw(randomOf(seed * 1_000_003 + run))
    for (const { firstAlarm, seconds } of alarms) seconds.push(firstAlarm(slices, traffic.ticks))
    const { verdict, decidedAfterSeconds, reasons, findings } = judge(slices, judged, factsOf(slices, traffic.ticks))
    const [first, ...more] = findings
    const worse = more.length === 0 ? first?.evidence.worse : undefined
    const logE = worse?.kind === 'e-value' ? worse.logE : null
    return { verdict, seconds: decidedAfterSeconds ?? Infinity, reasons, logE }
  })
  const secondsTo = (outcome: 'fail' | 'pass'): number[] =>
    ascending(verdicts.map(({ verdict, seconds }) => (verdict === outcome ? seconds : Infinity)))
  return {
    runs,
    failed: verdicts.filter(({ verdict }) => verdict === 'fail').length,
    passed: verdicts.filter(({ verdict }) => verdict === 'pass').length,
    splitMissed: verdicts.filter(({ reasons }) => reasons.some(({ code }) => code === 'split-missed')).length,
    failedAt: verdicts.some(({ logE }) => logE === null)
      ? null
      : Object.fromEntries(
          alphas.map((alpha) => [alpha, verdicts.filter(({ logE }) => logE! >= -Math.log(alpha)).length]),
        ),
    secondsToFail: secondsTo('fail'),
    secondsToPass: secondsTo('pass'),
    peers: Object.fromEntries(alarms.map(({ name, seconds }) => [name, ascending(seconds)])),
  }
}

/**
 * A time that half of the runs had an answer by: of two in the middle the later, since ticks come every five seconds and a time
 * between two of them was never measured. So the medians of simple-statistics, which average the two, are not these.
 */
export function median(ascending: readonly number[]): number {
  return ascending[Math.floor(ascending.length / 2)]!
}

function ascending(seconds: readonly number[]): number[] {
  return [...seconds].sort((a, b) => a - b)
}

// The drawing of one half hour; what does not change from run to run is worked out once.
function drawer(traffic: Traffic): (draw: Random) => Slice[] {
  const {
    stable,
    canary,
    ticks,
    from = 0,
    operations = 1,
    requests,
    share,
    batch = 1,
    level,
    cold,
    scale = 5,
  } = traffic
  const sources = { stable: sourcesOf(stable, scale), canary: sourcesOf(canary, scale) }
  const names = Array.from({ length: operations }, (_, at) => `GET /${at}`)
  return (draw) => {
    const drifted = driftOf(traffic, draw)
    const pods = podsOf(traffic, draw)
    const slicesOf = (tick: number, operation: string): Slice[] => {
      const [now, nowSources] = tick < from ? [stable, sources.stable] : [canary, sources.canary]
      const size = batch * arrivals(requests / operations / batch, draw)
      const arrived = eventsOf(size, share(tick), draw)
      const n = eventsOf(size - arrived, stable.kept ?? 1, draw)
      const m = eventsOf(arrived, now.kept ?? 1, draw)
      const common = { tick: tick * tickMs, operation }
      const rate = (arm: Arm, of: number): Side => ({
        kind: 'rate',
        n: of,
        events: eventsOf(of, (arm.errors ?? 0) * level(tick), draw),
      })
      const slices: Slice[] = [
        { ...common, metric: 'requests', stable: { kind: 'count', n }, canary: { kind: 'count', n: m } },
        { ...common, metric: 'errors', stable: rate(stable, n), canary: rate(now, m) },
        {
          ...common,
          metric: 'client-errors',
          stable: { kind: 'rate', n, events: 0 },
          canary: { kind: 'rate', n: m, events: 0 },
        },
      ]
      stable.shares?.forEach((share, at) => {
        const some = (of: number, p: number): Side => ({ kind: 'rate', n: of, events: eventsOf(of, p, draw) })
        slices.push({ ...common, metric: `share${at}`, stable: some(n, share), canary: some(m, now.shares![at]!) })
      })
      const isCold = cold !== undefined && tick < cold.ticks
      if (sources.stable.latency && nowSources.latency && !(isCold && cold.left)) {
        const times = level(tick) * drifted(tick)
        const values = (source: (level: number) => Source, of: number, factors: readonly number[]): Side => {
          const histogram = drawnOver(factors, of, draw, (factor, some) => source(factor)(some, draw))
          return { kind: 'distribution', n: of, histogram }
        }
        const chilled = isCold ? cold.times : 1
        slices.push({
          ...common,
          metric: 'latency',
          stable: values(
            sources.stable.latency,
            n,
            pods.stable.map((pod) => pod * times),
          ),
          canary: values(
            nowSources.latency,
            m,
            pods.canary.map((pod) => pod * times * chilled),
          ),
        })
      }
      if (sources.stable.number && nowSources.number) {
        const values = (arm: Arm, source: Source, of: number): Side => {
          const zero = eventsOf(of, arm.number!.zeros, draw)
          return { kind: 'distribution', n: of, histogram: { ...source(of - zero, draw), zero } }
        }
        slices.push({
          ...common,
          metric: 'number',
          stable: values(stable, sources.stable.number, n),
          canary: values(now, nowSources.number, m),
        })
      }
      return slices
    }
    return Array.from({ length: ticks }, (_, tick) => names.flatMap((name) => slicesOf(tick, name))).flat()
  }
}

interface Sources {
  readonly latency: ((level: number) => Source) | undefined
  readonly number: Source | undefined
}

function sourcesOf({ latency, traces, number }: Arm, scale: number): Sources {
  const known = new Map<number, Source>()
  // In steps of a quarter of a bucket, so that the sources can be kept.
  const atLevel = (level: number): Source => {
    const step = Math.round(Math.log2(level) * 128)
    const source = known.get(step) ?? sourceOf(scaled(latency!, 2 ** (step / 128)), scale)
    known.set(step, source)
    return source
  }
  return { latency: traces ? () => traces : latency && atLevel, number: number && sourceOf(number.others, scale) }
}

function driftOf({ drift, ticks }: Traffic, draw: Random): (tick: number) => number {
  if (!drift) return () => 1
  const { sd, rho } = drift
  const logs: number[] = []
  for (let tick = 0; tick < ticks; tick += 1) {
    logs.push(rho * (logs.at(-1) ?? sd * normal(draw)) + Math.sqrt(1 - rho * rho) * sd * normal(draw))
  }
  return (tick) => Math.exp(logs[tick]!)
}

function podsOf({ pods }: Traffic, draw: Random): Record<'stable' | 'canary', readonly number[]> {
  const some = (count: number): number[] => Array.from({ length: count }, () => Math.exp(pods!.sd * normal(draw)))
  return pods ? { stable: some(pods.stable), canary: some(pods.canary) } : { stable: [1], canary: [1] }
}

/** Values spread evenly by chance over instances. */
function drawnOver(
  factors: readonly number[],
  n: number,
  draw: Random,
  drawn: (factor: number, n: number) => Histogram,
): Histogram {
  if (factors.length === 1) return drawn(factors[0]!, n)
  let left = n
  const parts = factors.map((factor, at) => {
    const some = eventsOf(left, 1 / (factors.length - at), draw)
    left -= some
    return drawn(factor, some)
  })
  return mergeHistograms(parts)
}

/** What the comparator is told besides these slices. */
export function factsOf(slices: readonly Slice[], ticks: number): Facts {
  const arm = (name: 'stable' | 'canary', build: string) => {
    const requests = slices.reduce((sum, slice) => sum + (slice.metric === 'requests' ? slice[name].n : 0), 0)
    return { selector: `service.version=${build}`, requests, instances: 3 }
  }
  return plainFacts({
    service: 'calibration',
    startMs: 0,
    endMs: ticks * tickMs,
    stable: arm('stable', '1.0.0'),
    canary: arm('canary', '2.0.0'),
    version: '0.0.0',
  })
}

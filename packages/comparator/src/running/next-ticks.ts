import { type Decided, decide } from '../decide.ts'
import type { Facts, InstanceFacts } from '../facts.ts'
import type { Hosts } from '../fairness/hosts.ts'
import { busiestOf, type GrowingStretches, growingStretches } from '../fairness/starved.ts'
import { gateOf } from '../gate.ts'
import type { GrowingSeries } from '../growing-series.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { isPartlyMatched, type Scope, scopesOf } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'
import type { Slice } from '../slice.ts'
import { leftOutUntil } from './left-out-until.ts'
import { NothingRemembered, type RunMemory } from './run-memory.ts'
import { type TickLook, tickLooks } from './tick-look.ts'

/** Continues a judged comparison with new ticks: each is processed once, at constant cost. */
export interface NextTicks {
  /** The state of the evidence at the verdict that this continues from. */
  readonly first: TickLook
  /**
   * Adds all slices of some later ticks, and which instances served when. Null if they change what was
   * known about earlier ticks: then everything has to be judged again, and nothing more can be added.
   */
  readonly add: (slices: readonly Slice[], served: readonly ServedTick[]) => TickLook | null
}

/** An instance that served in a tick; `tick` is its start in milliseconds since 1970. */
export interface ServedTick {
  readonly instance: string
  readonly tick: number
}

/** The inputs and state of a verdict, to continue from. */
interface Begun {
  readonly growing: GrowingSeries
  readonly memory: RunMemory
  readonly series: readonly OperationSeries[]
  /** The decisions of the metrics that decide. */
  readonly decided: readonly Decided[]
  /** Whether the decisions alone tell the reason of an inconclusive verdict. */
  readonly saysAll: boolean
  readonly metrics: readonly MetricPolicy[]
  readonly policy: Policy
  readonly facts: Facts
  readonly hosts: Hosts | null
}

/** Continues from a verdict with its facts; null if each new tick would change the tests of earlier ticks. */
export function nextTicks({ series, decided, ...begun }: Begun): NextTicks | null {
  const { policy, facts, memory, metrics } = begun
  const busiest = busiestOf(series)
  if (!busiest || facts.earlier || facts.fairness?.instanceTicks) return null
  const until = Math.max(...series.map(({ requests }) => requests.at(-1)?.tick ?? Number.NEGATIVE_INFINITY))
  memory.fedUntil(until)
  const latencies = metrics.filter(({ measure }) => measure.kind === 'latency').map(({ name }) => name)
  return goingOn({
    ...begun,
    facts: withoutDetails(facts),
    decided,
    until,
    isPartly: isPartlyMatched(series, policy),
    stretches: new Map(
      busyOnes(series).map((one) => [
        one.operation,
        new Map(latencies.map((name) => [name, stretchesIn(one, name)] as const)),
      ]),
    ),
    places: placesOf(scopesOf(series, policy), series),
    leftOut: leftOutUntil(until, series, metrics, policy, facts),
  })
}

type GoingOn = Omit<Begun, 'series'> & {
  readonly until: number
  /** Whether errors of the service are judged over all of its requests. */
  readonly isPartly: boolean
  /** When both arms starved, by operation and metric, for operations that may become the busiest. */
  readonly stretches: ReadonlyMap<string, ReadonlyMap<string, GrowingStretches>>
  readonly places: ReadonlyMap<string, string>
  readonly leftOut: string
}

function goingOn({ growing, memory, metrics, policy, hosts, isPartly, decided, ...begun }: GoingOn): NextTicks {
  const { stretches } = begun
  let { facts, until, places, leftOut } = begun
  const lookOn = tickLooks(policy, begun.saysAll)
  const first = lookOn(decided)
  growing.forget()
  return {
    first,
    add(slices, served) {
      const instances = withServed(facts.fairness?.instances, served)
      if (instances === undefined) return null
      facts = { ...facts, ...(facts.fairness && { fairness: { ...facts.fairness, instances } }) }
      const grown = growing.add(slices)
      if (isPartlyMatched(grown, policy) !== isPartly || !stretches.has(busiestOf(grown)!.operation)) return null
      const series = grown.map(withStarved)
      const moved = placesOf(scopesOf(series, policy), series)
      if ([...places].some(([operation, place]) => moved.get(operation) !== place)) return null
      if (leftOutUntil(until, series, metrics, policy, facts) !== leftOut) return null
      places = moved
      try {
        const look = lookOn(decide(gateOf(series, metrics, policy, facts, hosts, memory), policy))
        until = slices.reduce((last, { tick }) => Math.max(last, tick), until)
        memory.fedUntil(until)
        leftOut = leftOutUntil(until, series, metrics, policy, facts)
        growing.forget()
        return look
      } catch (error) {
        if (error instanceof NothingRemembered) return null
        throw error
      }
    },
  }

  function withStarved(series: OperationSeries): OperationSeries {
    const own = stretches.get(series.operation)
    if (!own) return series
    const starved = new Map(
      [...own].map(([name, growing]) => {
        growing.add(series.distributions.get(name) ?? [])
        return [name, growing.told()]
      }),
    )
    return { ...series, starved }
  }
}

// Two operations of much the same traffic take turns at being the busiest; each holds an hour of what was before.
const mostBusy = 3
const busyShare = 0.7

/** The busiest operation, and those with hardly fewer requests. */
function busyOnes(series: readonly OperationSeries[]): readonly OperationSeries[] {
  const requestsOf = ({ totals }: OperationSeries): number => totals.stable.requests + totals.canary.requests
  const [most, ...others] = series.toSorted((a, b) => requestsOf(b) - requestsOf(a))
  return most
    ? [most, ...others.filter((one) => requestsOf(one) >= busyShare * requestsOf(most))].slice(0, mostBusy)
    : []
}

function stretchesIn({ distributions }: OperationSeries, name: string): GrowingStretches {
  const stretches = growingStretches()
  stretches.add(distributions.get(name) ?? [])
  return stretches
}

/** Drops large facts that no test uses. */
function withoutDetails({ errorTypes: _, clientCodes: __, structure: ___, known: ____, ...facts }: Facts): Facts {
  const { fairness } = facts
  return fairness ? { ...facts, fairness: { ...fairness, cells: [], sample: null } } : facts
}

/** The scope in which each operation is judged besides the service: its own, that of the small ones, or none. */
function placesOf(scopes: readonly Scope[], all: readonly OperationSeries[]): ReadonlyMap<string, string> {
  const places = new Map(all.map((one) => [one.operation, 'nowhere']))
  for (const { scope, operation, series } of scopes)
    for (const one of series)
      if (scope === 'operation') places.set(one.operation, `of ${operation}`)
      else if (operation !== null) places.set(one.operation, 'all there is')
  return places
}

/** Updates when instances last served; undefined if one that served is not known yet. */
function withServed(
  instances: readonly InstanceFacts[] | null | undefined,
  served: readonly ServedTick[],
): readonly InstanceFacts[] | null | undefined {
  if (!instances) return null
  const last = new Map<string, number>()
  for (const { instance, tick } of served) last.set(instance, Math.max(tick, last.get(instance) ?? 0))
  const known = new Set(instances.map(({ instance }) => instance))
  if ([...last.keys()].some((instance) => !known.has(instance))) return undefined
  return instances.map((one) => ({ ...one, lastMs: Math.max(one.lastMs, last.get(one.instance) ?? 0) }))
}

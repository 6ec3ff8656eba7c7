import type { Comparison } from '../comparison.ts'
import { closedOnly, spansOfWindow } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

import { portionsOf } from './raw-ticks.ts'
import type { CohortSample } from './sample.ts'

/** Calls of other services to the addresses of one cohort each, in one tick: milliseconds since 1970. */
export interface CallsTick {
  readonly tick: number
  readonly stable: CallCount
  readonly canary: CallCount
}

/** `events` of the `n` calls have no matching request of the service. */
interface CallCount {
  readonly n: number
  readonly events: number
}

/** The addresses at which only one cohort is called. */
export interface Addresses {
  readonly stable: readonly string[]
  readonly canary: readonly string[]
}

/**
 * The calls to each cohort's addresses, tick by tick, and those without an answer. Empty if the cohorts share an address, as
 * behind a load balancer, where an unanswered call cannot be attributed to a cohort.
 */
export async function callsOf(engine: Engine, comparison: Comparison, addresses: Addresses): Promise<CallsTick[]> {
  const { stable, canary } = addresses
  if (stable.length === 0 || canary.length === 0) return []
  const { service } = comparison
  const ticks = new Map<number, { stable: CallCount; canary: CallCount }>()
  const none: CallCount = { n: 0, events: 0 }
  for await (const { since, from, to } of portionsOf(engine, comparison)) {
    interface Row {
      tick: number
      cohort: 'stable' | 'canary'
      calls: number
      unanswered: number
    }
    for (const row of await engine.read<Row>(callsOfAddresses, { service, since, from, to, stable, canary })) {
      const tick = ticks.get(row.tick) ?? { stable: none, canary: none }
      ticks.set(row.tick, { ...tick, [row.cohort]: { n: row.calls, events: row.unanswered } })
    }
  }
  return [...ticks].map(([tick, counts]) => ({ tick: tick * 1000, ...counts }))
}

/**
 * The addresses that only one cohort was called at, among those that were called often enough to tell.
 *
 * @example
 * const at = (address: string) => ({ calledAt: [{ address, calls: 9 }] })
 * addressesOf({ stable: at('10.0.0.1:80'), canary: at('10.0.0.2:80') }) // { stable: ['10.0.0.1:80'], canary: ['10.0.0.2:80'] }
 */
export function addressesOf({
  stable,
  canary,
}: {
  readonly stable: Pick<CohortSample, 'calledAt'>
  readonly canary: Pick<CohortSample, 'calledAt'>
}): Addresses {
  const own = (mine: Pick<CohortSample, 'calledAt'>, other: Pick<CohortSample, 'calledAt'>): string[] =>
    mine.calledAt
      .filter(({ address, calls }) => calls >= fewestCalls && !other.calledAt.some((one) => one.address === address))
      .map(({ address }) => address)
  return { stable: own(stable, canary), canary: own(canary, stable) }
}

const fewestCalls = 5

/** Calls of other services to addresses of one cohort each, and those that no request of the service answered. */
export const callsOfAddresses: string = sql`
  SELECT
    toUnixTimestamp(Tick) AS tick,
    if(has({stable:Array(String)},
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port'])), 'stable', 'canary') AS cohort,
    uniqExact(SpanId) AS calls,
    uniqExactIf(SpanId, (TraceId, SpanId) NOT IN (
      SELECT TraceId, ParentSpanId
      FROM coalmine_requests
      WHERE Service = {service:String} AND ParentSpanId != ''
        AND Timestamp >= toDateTime64({since:UInt32} - 60, 9) AND Timestamp < toDateTime64({to:UInt32} + 60, 9))
    ) AS unanswered
  FROM coalmine_traces
  WHERE ServiceName != {service:String} AND SpanKind IN ('Client', 'SPAN_KIND_CLIENT')
    AND ${spansOfWindow}
    AND has(arrayConcat({stable:Array(String)}, {canary:Array(String)}),
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port']))
    AND ${closedOnly}
  GROUP BY tick, cohort
  ORDER BY tick, cohort`

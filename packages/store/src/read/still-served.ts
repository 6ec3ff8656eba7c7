import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Chosen, spanParams } from '../comparison.ts'
import { ofAudience } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

/** Requests to a service since a given time, and how many of them went to the canary. */
export interface ServedSince {
  readonly requests: number
  readonly canaryRequests: number
}

/** Counts requests since a given time, from raw spans, to tell whether the canary is still there. */
export async function servedSince(
  engine: Engine,
  { service, ...chosen }: Chosen & { readonly service: string },
  sinceMs: number,
): Promise<ServedSince> {
  const params = spanParams(chosen)
  const from = Math.floor(sinceMs / 1000)
  const [row] = await engine.read<ServedSince>(servedLately(params), { service, from, ...params })
  return row!
}

/** Requests to a service and to its canary since a given time. */
export const servedLately: SpanStatement = spanStatement(
  ({ spanInCanary, requests }) => sql`
  SELECT count() AS requests, countIf(${spanInCanary}) AS canaryRequests
  FROM ${requests}
  WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND ${ofAudience}`,
)

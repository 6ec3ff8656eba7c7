import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Chosen, spanParams } from '../comparison.ts'
import { ofAudience } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

/** How many requests a service has had since a moment, and how many of them were the canary's. */
export interface ServedSince {
  readonly requests: number
  readonly canaryRequests: number
}

/** Counts what was served since a moment, from raw spans: whether the canary still is there. */
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

/** What a service, and its canary, were asked since a second. */
export const servedLately: SpanStatement = spanStatement(
  ({ spanInCanary, requests }) => sql`
  SELECT count() AS requests, countIf(${spanInCanary}) AS canaryRequests
  FROM ${requests}
  WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND ${ofAudience}`,
)

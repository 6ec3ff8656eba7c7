import type { Engine } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'

import { quoted, type Traces } from '../traces.ts'

/** Evaluations of a flag, from the events of a service. */
export interface FlagEvaluations {
  readonly flag: string
  readonly evaluations: number
  readonly providers: readonly string[]
  /** The evaluation reasons: `targeting_match`, `default`, `error` ... */
  readonly reasons: readonly string[]
  readonly errors: number
  readonly errorTypes: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
  /** Whether the flag is on spans of the service. */
  readonly onSpans: boolean
}

interface Asked {
  readonly service: string
  /** From when on; 0 for the hour before the last event. */
  readonly sinceMs: number
  /** How far back to look for the last event. */
  readonly lookBackMs: number
  /** The flags that spans have. */
  readonly onSpans: ReadonlySet<string>
}

/** The flags, most evaluated first, at most a hundred; or why log records cannot be read: no access, or no such table. */
export type Evaluations =
  | { readonly evaluations: readonly FlagEvaluations[]; readonly unread: undefined }
  | { readonly evaluations: undefined; readonly unread: string }

/** The flags that a service sent events for. */
export async function evaluationsOf(
  engine: Engine,
  logs: Traces,
  { service, sinceMs, lookBackMs, onSpans }: Asked,
): Promise<Evaluations> {
  try {
    const rows = await engine.read<Row>(evaluationsIn(quoted(logs)), { service, sinceMs, lookBackMs })
    const evaluations = rows.map(({ flag, providers, reasons, errorTypes, ...row }) => ({
      flag,
      ...row,
      providers: [...providers].sort(),
      reasons: [...reasons].sort(),
      errorTypes: [...errorTypes].sort(),
      onSpans: onSpans.has(flag),
    }))
    return { evaluations, unread: undefined }
  } catch (error) {
    // The facts from spans are still reported.
    if (error instanceof StoreError) return { evaluations: undefined, unread: error.message }
    throw error
  }
}

type Row = Omit<FlagEvaluations, 'onSpans'>

/**
 * Evaluations of each flag from the events of a service, most evaluated first: since a time or, if that is 0, in the hour
 * before the last event, which is looked for as far back as requested. Tables of older exporters have no EventName; there an
 * attribute key identifies evaluations.
 */
export const evaluationsIn = (logs: string): string => `
  SELECT
    LogAttributes['feature_flag.key'] AS flag,
    count() AS evaluations,
    groupUniqArrayIf(10)(LogAttributes['feature_flag.provider.name'],
      LogAttributes['feature_flag.provider.name'] != '') AS providers,
    groupUniqArrayIf(10)(LogAttributes['feature_flag.result.reason'],
      LogAttributes['feature_flag.result.reason'] != '') AS reasons,
    countIf(LogAttributes['error.type'] != '') AS errors,
    groupUniqArrayIf(10)(LogAttributes['error.type'], LogAttributes['error.type'] != '') AS errorTypes,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs
  FROM ${logs}
  WHERE ServiceName = {service:String} AND LogAttributes['feature_flag.key'] != ''
    AND Timestamp >= if({sinceMs:Int64} > 0, fromUnixTimestamp64Milli({sinceMs:Int64}), (
      SELECT max(Timestamp) - INTERVAL 1 HOUR
      FROM ${logs}
      WHERE ServiceName = {service:String} AND LogAttributes['feature_flag.key'] != ''
        AND Timestamp >= fromUnixTimestamp64Milli({lookBackMs:Int64})))
  GROUP BY flag
  ORDER BY evaluations DESC, flag
  LIMIT 100`

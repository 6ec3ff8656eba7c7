import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import { evaluations } from './queries/evaluations.ts'
import { quoted, type Traces } from './traces.ts'

/** What the events of a service say of the evaluations of a flag. */
export type FlagEvaluations = {
  readonly flag: string
  readonly evaluations: number
  readonly providers: readonly string[]
  /** Why it had its value: `targeting_match`, `default`, `error` ... */
  readonly reasons: readonly string[]
  readonly errors: number
  readonly errorTypes: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
  /** Whether spans of the service have the flag. */
  readonly onSpans: boolean
}

type Asked = {
  readonly service: string
  /** From when on; 0 for the hour before the last event. */
  readonly sinceMs: number
  /** How far back the last event is looked for. */
  readonly lookBackMs: number
  /** The flags that spans have. */
  readonly onSpans: ReadonlySet<string>
}

/**
 * The flags of which a service sent events, most evaluated first, a hundred at most. Undefined where log records cannot be
 * read: the user may not, or there is no such table.
 */
export async function evaluationsOf(
  engine: Engine,
  logs: Traces,
  { service, sinceMs, lookBackMs, onSpans }: Asked,
): Promise<readonly FlagEvaluations[] | undefined> {
  try {
    const rows = await engine.read<Row>(evaluations(quoted(logs)), { service, sinceMs, lookBackMs })
    return rows.map(({ flag, providers, reasons, errorTypes, ...row }) => ({
      flag,
      ...row,
      providers: [...providers].sort(),
      reasons: [...reasons].sort(),
      errorTypes: [...errorTypes].sort(),
      onSpans: onSpans.has(flag),
    }))
  } catch (error) {
    // What spans say is told all the same.
    if (error instanceof StoreError) return undefined
    throw error
  }
}

type Row = Omit<FlagEvaluations, 'onSpans'>

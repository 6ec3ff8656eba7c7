import type { Engine, Params } from './engine/engine.ts'
import type { Access } from './opening.ts'

/** An event of a running comparison: it started, it was looked at, its outcome changed, or it ended. */
export interface ComparisonEvent {
  readonly comparison: string
  /** Counts from 1, in order of occurrence; numbers may be missing. */
  readonly number: number
  readonly atMs: number
  readonly kind: 'started' | 'look' | 'outcome' | 'ended'
  /** The event's details, as JSON. */
  readonly told: string
  /** The verdict of the event, as JSON; empty if it has none. */
  readonly verdict: string
}

/** The first and the last known event of a comparison. */
export interface KnownComparison {
  readonly started: Omit<ComparisonEvent, 'verdict'>
  readonly last: Omit<ComparisonEvent, 'verdict'>
}

/** Events of comparisons, kept so that running ones resume after a crash and finished ones can be shown. */
export interface ComparisonEvents {
  /** Stores an event. Resolves to false if the store is read-only or its disk is full. */
  readonly keep: (event: ComparisonEvent) => Promise<boolean>
  /** Comparisons with events since `sinceMs`, newest first, at most a thousand. */
  readonly known: (sinceMs: number) => Promise<readonly KnownComparison[]>
  /** The events of a comparison after the one numbered `after`, in order, without their verdicts. */
  readonly of: (comparison: string, after: number) => Promise<readonly Omit<ComparisonEvent, 'verdict'>[]>
  /** The newest stored verdict of a comparison, as JSON; undefined if there is none. */
  readonly verdict: (comparison: string) => Promise<string | undefined>
}

/** Reads and keeps the events of comparisons in an engine's store. */
export function comparisonEventsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): ComparisonEvents {
  type Row = Omit<ComparisonEvent, 'verdict'>
  // With access to spans alone there are no tables of ours.
  const read = async <Found>(statement: string, params: Params): Promise<Found[]> =>
    access === 'spans' ? [] : engine.read<Found>(statement, params)
  return {
    keep: async (event) => {
      if (access !== 'all' || isSpent()) return false
      await engine.write(keepEvent, { ...event })
      return true
    },
    known: async (sinceMs) => {
      const rows = await read<Row>(knownComparisons, { sinceMs })
      const found = new Map<string, Row[]>()
      for (const row of rows) found.set(row.comparison, [...(found.get(row.comparison) ?? []), row])
      return [...found.values()].map((events) => ({ started: events[0]!, last: events.at(-1)! }))
    },
    of: (comparison, after) => read<Row>(eventsOfComparison, { comparison, after }),
    verdict: async (comparison) => {
      const [row] = await read<{ verdict: string }>(newestVerdict, { comparison })
      return row?.verdict
    },
  }
}

/** Keeps an event. */
export const keepEvent = `
  INSERT INTO coalmine_comparison_events
  SELECT
    {comparison:String}, {number:UInt32}, fromUnixTimestamp64Milli({atMs:Int64}), {kind:String}, {told:String},
    {verdict:String}`

/** The first and the last event of each comparison with events since a given time, newest comparisons first. */
export const knownComparisons = `
  SELECT
    Comparison AS comparison, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Told AS told
  FROM (
    SELECT
      Comparison, Number, At, Kind, Told,
      min(Number) OVER one AS FirstNumber, max(Number) OVER one AS LastNumber, min(At) OVER one AS Began
    FROM coalmine_comparison_events
    WHERE Comparison IN (
      SELECT Comparison
      FROM coalmine_comparison_events
      WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}))
    WINDOW one AS (PARTITION BY Comparison)
  )
  WHERE Number IN (FirstNumber, LastNumber)
  ORDER BY Began DESC, Comparison, Number
  LIMIT 2000`

/** The events of a comparison after a given one. */
export const eventsOfComparison = `
  SELECT
    Comparison AS comparison, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Told AS told
  FROM coalmine_comparison_events
  WHERE Comparison = {comparison:String} AND Number > {after:UInt32}
  ORDER BY Number`

/** The verdict stored last. */
export const newestVerdict = `
  SELECT Verdict AS verdict
  FROM coalmine_comparison_events
  WHERE Comparison = {comparison:String} AND Verdict != ''
  ORDER BY Number DESC
  LIMIT 1`

import type { Engine, Params } from './engine/engine.ts'
import type { Access } from './opening.ts'

/** Something that happened to a comparison that runs: it started, it was looked at, its outcome changed, it ended. */
export interface ComparisonEvent {
  readonly comparison: string
  /** Counts from 1, in the order in which they happened; numbers may be missing. */
  readonly number: number
  readonly atMs: number
  readonly kind: 'started' | 'look' | 'outcome' | 'ended'
  /** What is told of it, as JSON. */
  readonly told: string
  /** The verdict that goes with it, as JSON; empty where there is none. */
  readonly verdict: string
}

/** How a comparison began, and the last that is known of it. */
export interface KnownComparison {
  readonly started: Omit<ComparisonEvent, 'verdict'>
  readonly last: Omit<ComparisonEvent, 'verdict'>
}

/** What happened to comparisons that run, so that they go on after a crash, and are told of when they are over. */
export interface ComparisonEvents {
  /** Keeps an event, and says whether it did: not where nothing may be written, or the disk is full. */
  readonly keep: (event: ComparisonEvent) => Promise<boolean>
  /** Comparisons that something happened to since a moment, the newest first, at most a thousand. */
  readonly known: (sinceMs: number) => Promise<readonly KnownComparison[]>
  /** The events of one after a number, in order, without their verdicts. */
  readonly of: (comparison: string, after: number) => Promise<readonly Omit<ComparisonEvent, 'verdict'>[]>
  /** The newest verdict of one that is kept, as JSON; undefined where there is none. */
  readonly verdict: (comparison: string) => Promise<string | undefined>
}

/** The events that an engine's store keeps. */
export function comparisonEventsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): ComparisonEvents {
  type Row = Omit<ComparisonEvent, 'verdict'>
  // Who reads spans alone has no tables of ours.
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

/** The first event and the last one of each comparison that has some since a moment, the newest comparisons first. */
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

/** What happened to a comparison after an event. */
export const eventsOfComparison = `
  SELECT
    Comparison AS comparison, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Told AS told
  FROM coalmine_comparison_events
  WHERE Comparison = {comparison:String} AND Number > {after:UInt32}
  ORDER BY Number`

/** The verdict that was kept last. */
export const newestVerdict = `
  SELECT Verdict AS verdict
  FROM coalmine_comparison_events
  WHERE Comparison = {comparison:String} AND Verdict != ''
  ORDER BY Number DESC
  LIMIT 1`

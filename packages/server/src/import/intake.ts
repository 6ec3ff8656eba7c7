import { type Hold, type ImportProgress, newSpanBatch, type Store, StoreError } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import type { TimeWindow } from '../otlp/refusals.ts'
import type { Arrivals } from './decode.ts'
import type { Request } from './requests.ts'

/**
 * What came of a file so far. The first twenty lines that did not go in, or not with all their spans, are named; of
 * protobuf `line` is the number of the message, of Parquet that of the row.
 */
export interface Totals {
  spans: number
  /** Events of flags that were stored. */
  evaluations: number
  requests: number
  readonly refused: { readonly line: number; readonly why: string }[]
  refusedCount: number
  /** Spans of requests that made sense which were not stored. */
  refusedSpans: number
  /** Spans that were stored, but whose ticks had closed before. */
  late: number
  /** What whoever imports the file should know. */
  readonly notes: string[]
}

/** A file on its way into the store, a batch at a time. */
export interface Intake {
  readonly store: Store
  /** What identifies the file; empty when nobody is going to go on with it. */
  readonly file: string
  readonly hold: Hold
  readonly window: TimeWindow
  /** How far it had come before. */
  readonly done: Omit<ImportProgress<Totals>, 'finished'>
  readonly totals: Totals
  /** What is not stored yet. */
  readonly arrived: Arrivals
  /** When the first of it was taken. */
  since: number
  /** The last request that was taken, and where the next one begins. */
  line: number
  bytes: number
}

const namedRefusals = 20
const batchBytes = 16_000_000
const batchRecords = 10_000
const batchMs = 1_000

/** The totals of a file of which nothing is read yet. */
export const noTotals = (): Totals => ({
  spans: 0,
  evaluations: 0,
  requests: 0,
  refused: [],
  refusedCount: 0,
  refusedSpans: 0,
  late: 0,
  notes: [],
})

/** A file that begins, or goes on where an earlier import of it was interrupted. */
export function newIntake(start: Pick<Intake, 'store' | 'file' | 'hold' | 'window' | 'done'>): Intake {
  const { totals, line, bytes } = start.done
  const arrived = { batch: newSpanBatch(), records: [], ignored: 0 }
  // An import that an earlier release began has counted spans alone.
  return { ...start, totals: { ...noTotals(), ...structuredClone(totals) }, arrived, since: 0, line, bytes }
}

/** Takes one request; one that is no sense is refused, and named. */
export async function take(intake: Intake, { line, bytes, decode }: Request): Promise<void> {
  const { totals, arrived } = intake
  if (arrived.batch.spans + arrived.records.length === 0) intake.since = performance.now()
  try {
    const { count, why, what = 'span' } = decode(arrived, intake.window)
    totals.requests++
    if (what === 'span') totals.refusedSpans += count
    if (count > 0) refuseLine(intake, line, `${count} ${what}${count === 1 ? '' : 's'} refused: ${why}`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    refuseLine(intake, line, error.message)
  }
  intake.line = line
  intake.bytes = bytes
  const isLarge = arrived.batch.rows.length >= batchBytes || arrived.records.length >= batchRecords
  if (isLarge || performance.now() - intake.since >= batchMs) await flush(intake)
}

/** Stores what was taken, and remembers that it was. */
export async function flush(intake: Intake): Promise<void> {
  const { store, hold, arrived, totals } = intake
  const { batch, records } = arrived
  const { late } = await whenThereIsRoom(() => store.ingest.insert(batch, hold))
  totals.late += late
  totals.spans += batch.spans
  arrived.batch = newSpanBatch(batch.rows)
  await whenThereIsRoom(() => store.ingest.insertLogs(records))
  totals.evaluations += records.length
  arrived.records = []
  await remember(intake, false)
}

/** Remembers that all of the file is stored. */
export async function close(intake: Intake): Promise<void> {
  await remember(intake, true)
}

/** Counts a line that did not go in, and names it while there are few. */
export function refuseLine({ totals }: Intake, line: number, why: string): void {
  totals.refusedCount++
  if (totals.refused.length < namedRefusals) totals.refused.push({ line, why })
}

async function whenThereIsRoom<T>(insert: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await insert()
    } catch (error) {
      // Exporters are told to come back; a file can wait.
      if (!(error instanceof StoreError && error.kind === 'busy')) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function remember({ store, file, line, bytes, totals }: Intake, finished: boolean): Promise<void> {
  if (file) await store.imports.remember(file, { line, bytes, finished, totals })
}

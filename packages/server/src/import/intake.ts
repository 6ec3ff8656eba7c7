import { type Hold, type ImportProgress, newSpanBatch, type SpanBatch, type Store, StoreError } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import type { TimeWindow } from '../otlp/refusals.ts'
import type { Request } from './requests.ts'

/**
 * What came of a file so far. The first twenty lines that did not go in, or not with all their spans, are named; of
 * protobuf `line` is the number of the message, of Parquet that of the row.
 */
export type Totals = {
  spans: number
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
export type Intake = {
  readonly store: Store
  /** What identifies the file; empty when nobody is going to go on with it. */
  readonly file: string
  readonly hold: Hold
  readonly window: TimeWindow
  /** How far it had come before. */
  readonly done: Omit<ImportProgress<Totals>, 'finished'>
  readonly totals: Totals
  batch: SpanBatch
  /** When the first span of the batch was taken. */
  since: number
  /** The last request that was taken, and where the next one begins. */
  line: number
  bytes: number
}

const NAMED_REFUSALS = 20
const BATCH_BYTES = 16_000_000
const BATCH_MS = 1_000

export const noTotals = (): Totals => ({
  spans: 0,
  requests: 0,
  refused: [],
  refusedCount: 0,
  refusedSpans: 0,
  late: 0,
  notes: [],
})

export function newIntake(start: Pick<Intake, 'store' | 'file' | 'hold' | 'window' | 'done'>): Intake {
  const { totals, line, bytes } = start.done
  return { ...start, totals: structuredClone(totals), batch: newSpanBatch(), since: 0, line, bytes }
}

/** Takes one request; one that is no sense is refused, and named. */
export async function take(intake: Intake, { line, bytes, decode }: Request): Promise<void> {
  const { totals } = intake
  if (intake.batch.spans === 0) intake.since = performance.now()
  try {
    const { count, why } = decode(intake.batch, intake.window)
    totals.requests++
    totals.refusedSpans += count
    if (count > 0) refuseLine(intake, line, `${count === 1 ? '1 span' : `${count} spans`} refused: ${why}`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    refuseLine(intake, line, error.message)
  }
  intake.line = line
  intake.bytes = bytes
  if (intake.batch.rows.length >= BATCH_BYTES || performance.now() - intake.since >= BATCH_MS) await flush(intake)
}

/** Stores what was taken, and remembers that it was. */
export async function flush(intake: Intake): Promise<void> {
  const { batch, totals } = intake
  totals.late += await stored(intake, batch)
  totals.spans += batch.spans
  intake.batch = newSpanBatch(batch.rows)
  await remember(intake, false)
}

/** Remembers that all of the file is stored. */
export async function close(intake: Intake): Promise<void> {
  await remember(intake, true)
}

export function refuseLine({ totals }: Intake, line: number, why: string): void {
  totals.refusedCount++
  if (totals.refused.length < NAMED_REFUSALS) totals.refused.push({ line, why })
}

async function stored({ store, hold }: Intake, batch: SpanBatch): Promise<number> {
  for (;;) {
    try {
      return (await store.insert(batch, hold)).late
    } catch (error) {
      // Exporters are told to come back; a file can wait.
      if (!(error instanceof StoreError && error.kind === 'busy')) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function remember({ store, file, line, bytes, totals }: Intake, finished: boolean): Promise<void> {
  if (file) await store.rememberProgress(file, { line, bytes, finished, totals })
}

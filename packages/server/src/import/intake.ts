import { type Hold, type ImportProgress, type Store, StoreError } from '@coalmine/store'
import { type FilePart, namedRefusals, type RefusedLine } from './file-part.ts'

/**
 * What came of a file so far. The first twenty lines that did not go in, or not with all their spans, are named; of
 * protobuf `line` is the number of the message, of Parquet that of the row.
 */
export interface Totals {
  spans: number
  /** Events of flags that were stored. */
  evaluations: number
  requests: number
  readonly refused: RefusedLine[]
  refusedCount: number
  /** Spans of requests that made sense which were not stored. */
  refusedSpans: number
  /** Spans that were stored, but whose ticks had closed before. */
  late: number
  /** What whoever imports the file should know. */
  readonly notes: string[]
}

/** A file on its way into the store. */
export interface Intake {
  readonly store: Store
  /** What identifies the file; empty when nobody is going to go on with it. */
  readonly file: string
  readonly hold: Hold
  /** How far it had come before. */
  readonly done: Omit<ImportProgress<Totals>, 'finished'>
  readonly totals: Totals
  /** Other log records, which are left out. */
  ignored: number
  /** What is on its way into the engine, how much of it, and when the first of it came. */
  underWay: Promise<void>[]
  underWayBytes: number
  underWayRecords: number
  since: number
  /** The last request that was taken, and where the next one begins. */
  line: number
  bytes: number
}

const mostBytes = 16_000_000
const mostRecords = 10_000
const mostMs = 1_000

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
export function newIntake(start: Pick<Intake, 'store' | 'file' | 'hold' | 'done'>): Intake {
  const { totals, line, bytes } = start.done
  const nothing = { ignored: 0, underWay: [], underWayBytes: 0, underWayRecords: 0, since: 0 }
  // An import that an earlier release began has counted spans alone.
  return { ...start, ...nothing, totals: { ...noTotals(), ...structuredClone(totals) }, line, bytes }
}

/** Takes a part. It is on its way into the engine then; that it is there, only `flush` says. */
export async function take(intake: Intake, part: FilePart): Promise<void> {
  const { totals, underWay, store, hold } = intake
  const { batch, records, line, bytes, refused } = part
  totals.requests += part.requests
  totals.refusedSpans += part.refusedSpans
  totals.refusedCount += part.refusedCount
  totals.refused.push(...refused.slice(0, namedRefusals - totals.refused.length))
  intake.ignored += part.ignored
  intake.line = line
  intake.bytes = bytes
  if (batch.spans + records.length === 0) return
  if (underWay.length === 0) intake.since = part.since
  underWay.push(inserted(intake, () => store.ingest.insert(batch, hold), batch.spans))
  if (records.length > 0)
    underWay.push(
      whenThereIsRoom(() => store.ingest.insertLogs(records)).then(() => {
        totals.evaluations += records.length
      }),
    )
  // Who waits for them all hears of each.
  for (const one of underWay.slice(-2)) one.catch(() => undefined)
  intake.underWayBytes += batch.rows.length
  intake.underWayRecords += records.length
  const isLarge = intake.underWayBytes >= mostBytes || intake.underWayRecords >= mostRecords
  if (isLarge || performance.now() - intake.since >= mostMs) await flush(intake)
}

/** Waits until what was taken is stored, and remembers that it is. */
export async function flush(intake: Intake): Promise<void> {
  const all = intake.underWay
  intake.underWay = []
  intake.underWayBytes = 0
  intake.underWayRecords = 0
  await Promise.all(all)
  await remember(intake, false)
}

async function inserted(
  { totals }: Intake,
  insert: () => Promise<{ readonly late: number }>,
  spans: number,
): Promise<void> {
  const { late } = await whenThereIsRoom(insert)
  totals.late += late
  totals.spans += spans
}

/** Remembers that all of the file is stored. */
export async function close(intake: Intake): Promise<void> {
  await remember(intake, true)
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

import { type Hold, type ImportProgress, type Store, StoreError } from '@coalmine/store'
import { type FilePart, namedRefusals, type RefusedLine } from './file-part.ts'

/**
 * The totals of a file so far. The first twenty lines that were refused, or whose spans were not all stored, are listed. In protobuf,
 * `line` is the number of the message, in Parquet that of the row.
 */
export interface Totals {
  spans: number
  /** Flag events that were stored. */
  evaluations: number
  requests: number
  readonly refused: RefusedLine[]
  refusedCount: number
  /** Spans of valid requests that were not stored. */
  refusedSpans: number
  /** Spans that were stored after their ticks had closed. */
  late: number
  /** Notes for the person who imports the file. */
  readonly notes: string[]
}

/** A file on its way into the store. */
export interface Intake {
  readonly store: Store
  /** Identifies the file; empty if the import cannot be resumed. */
  readonly file: string
  readonly hold: Hold
  /** The progress of an earlier import. */
  readonly done: Omit<ImportProgress<Totals>, 'finished'>
  /** Spans, events and late spans count once they are stored, the rest once it is read. */
  readonly totals: Totals
  /** Other log records, which are dropped. */
  ignored: number
  /** The parts read last, which go into the engine together with the next ones. */
  load: Load
  /** Loads in progress, in order: each settles after the one before it. */
  readonly underWay: { readonly bytes: number; readonly stored: Promise<void> }[]
  /** When the last load started, and when progress was last recorded. */
  setOffAt: number
  rememberedAt: number
  /** The import broke off: whoever resumes it gets the progress recorded until then. */
  isLeft: boolean
  /** The last request that was read, and the offset of the next one. */
  line: number
  bytes: number
}

/** Parts of a file that are stored together and recorded as one step of progress. */
interface Load {
  readonly parts: Promise<void>[]
  readonly stored: { spans: number; evaluations: number; late: number }
  bytes: number
  records: number
  /** When its first bytes arrived. */
  since: number
}

const mostBytes = 8_000_000
const mostRecords = 10_000
const mostMs = 1_000
// Large inserts, because each insert makes a part that the engine must merge later.
const mostUnderWay = 40_000_000
const rememberEveryMs = 200

/** The totals of a file before anything is read. */
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

/** Starts the import of a file, or resumes an interrupted one. */
export function newIntake(start: Pick<Intake, 'store' | 'file' | 'hold' | 'done'>): Intake {
  const { totals, line, bytes } = start.done
  const never = Number.NEGATIVE_INFINITY
  const nothing = { ignored: 0, load: newLoad(), underWay: [], setOffAt: never, rememberedAt: never, isLeft: false }
  // Imports begun by an earlier release counted only spans.
  return { ...start, ...nothing, totals: { ...noTotals(), ...structuredClone(totals) }, line, bytes }
}

const newLoad = (): Load => ({
  parts: [],
  stored: { spans: 0, evaluations: 0, late: 0 },
  bytes: 0,
  records: 0,
  since: 0,
})

/** Takes a part and starts storing it. Only `flush` guarantees that it is stored. */
export async function take(intake: Intake, part: FilePart): Promise<void> {
  const { totals, load } = intake
  const { batch, records, line, bytes, refused } = part
  totals.requests += part.requests
  totals.refusedSpans += part.refusedSpans
  totals.refusedCount += part.refusedCount
  totals.refused.push(...refused.slice(0, namedRefusals - totals.refused.length))
  intake.ignored += part.ignored
  intake.line = line
  intake.bytes = bytes
  if (batch.spans + records.length === 0) return
  if (load.parts.length === 0) load.since = part.since
  await insertPart(intake, load, part)
  load.bytes += batch.rows.length
  load.records += records.length
  const now = performance.now()
  const isLarge = load.bytes >= mostBytes || load.records >= mostRecords
  // A part that waited to be decoded is already old; that alone is no reason to store it by itself.
  if (!isLarge && (now - load.since < mostMs || now - intake.setOffAt < mostMs)) return
  setOff(intake)
  while (bytesUnderWay(intake) > mostUnderWay) await intake.underWay[0]!.stored
}

/** Waits until everything taken so far is stored, and records that. */
export async function flush(intake: Intake): Promise<void> {
  setOff(intake)
  await intake.underWay.at(-1)!.stored
  await remember(intake, { ...intake, finished: false })
}

/** Records that the whole file is stored. */
export async function close(intake: Intake): Promise<void> {
  await remember(intake, { ...intake, finished: true })
}

/** For a file that broke off: waits for loads in progress, without recording them. */
export async function leave(intake: Intake): Promise<void> {
  intake.isLeft = true
  await Promise.allSettled([...intake.underWay.map(({ stored }) => stored), ...intake.load.parts])
}

/** Inserts the rows and records of a part. When it returns they have been copied, so their memory can be reused. */
async function insertPart({ store, hold }: Intake, load: Load, { batch, records }: FilePart): Promise<void> {
  const { parts, stored } = load
  const add = (part: Promise<void>): void => {
    // Errors reach whoever waits for the load.
    part.catch(() => undefined)
    parts.push(part)
  }
  const spans = await whenThereIsRoom(() => store.ingest.insert(batch, hold))
  const came = batch.spans
  add(
    spans.inserted.then(({ late }) => {
      stored.late += late
      stored.spans += came
    }),
  )
  if (records.length === 0) return
  const { inserted } = await whenThereIsRoom(() => store.ingest.insertLogs(records))
  add(
    inserted.then(() => {
      stored.evaluations += records.length
    }),
  )
}

/** Starts the load. Once it and all loads before it are stored, progress is recorded. */
function setOff(intake: Intake): void {
  const { load, underWay, totals, line, bytes } = intake
  intake.load = newLoad()
  intake.setOffAt = performance.now()
  const taken = structuredClone(totals)
  const before = underWay.at(-1)?.stored
  const settle = async (): Promise<void> => {
    await before
    await Promise.all(load.parts)
    const { spans, evaluations, late } = load.stored
    totals.spans += spans
    totals.evaluations += evaluations
    totals.late += late
    const stored = { spans: totals.spans, evaluations: totals.evaluations, late: totals.late }
    if (!intake.isLeft && performance.now() - intake.rememberedAt >= rememberEveryMs)
      await remember(intake, { line, bytes, finished: false, totals: { ...taken, ...stored } })
    underWay.shift()
  }
  const stored = settle()
  // Whoever waits for the file gets the error.
  stored.catch(() => undefined)
  underWay.push({ bytes: load.bytes, stored })
}

const bytesUnderWay = ({ underWay }: Intake): number => underWay.reduce((sum, { bytes }) => sum + bytes, 0)

/** Tries an insert until the store accepts it; returns while it is in progress. */
async function whenThereIsRoom<T>(insert: () => Promise<T>): Promise<{ readonly inserted: Promise<T> }> {
  for (;;) {
    try {
      return { inserted: insert() }
    } catch (error) {
      // An exporter would be told to come back; a file can wait here.
      if (!(error instanceof StoreError && error.kind === 'busy')) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function remember(intake: Intake, { line, bytes, finished, totals }: ImportProgress<Totals>): Promise<void> {
  if (!intake.file) return
  intake.rememberedAt = performance.now()
  await intake.store.imports.remember(intake.file, { line, bytes, finished, totals })
}

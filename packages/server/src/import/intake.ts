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
  /** Of spans, events and late ones those that are stored; of the rest what was taken. */
  readonly totals: Totals
  /** Other log records, which are left out. */
  ignored: number
  /** What was taken last, and goes into the engine with what comes next. */
  load: Load
  /** What is on its way, in the order in which it came: each settles after the one before it. */
  readonly underWay: { readonly bytes: number; readonly stored: Promise<void> }[]
  /** When a load was set off last, and when it was remembered how far the file has come. */
  setOffAt: number
  rememberedAt: number
  /** It broke off: whoever goes on with it is told what was remembered until then. */
  isLeft: boolean
  /** The last request that was taken, and where the next one begins. */
  line: number
  bytes: number
}

/** Parts of a file that it is remembered of together that they are stored. */
interface Load {
  readonly parts: Promise<void>[]
  readonly stored: { spans: number; evaluations: number; late: number }
  bytes: number
  records: number
  /** When the first of it came. */
  since: number
}

const mostBytes = 8_000_000
const mostRecords = 10_000
const mostMs = 1_000
// So much lets the engine take large inserts, of which each makes a part that it must merge later.
const mostUnderWay = 40_000_000
const rememberEveryMs = 200

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
  const never = Number.NEGATIVE_INFINITY
  const nothing = { ignored: 0, load: newLoad(), underWay: [], setOffAt: never, rememberedAt: never, isLeft: false }
  // An import that an earlier release began has counted spans alone.
  return { ...start, ...nothing, totals: { ...noTotals(), ...structuredClone(totals) }, line, bytes }
}

const newLoad = (): Load => ({
  parts: [],
  stored: { spans: 0, evaluations: 0, late: 0 },
  bytes: 0,
  records: 0,
  since: 0,
})

/** Takes a part. It is on its way into the engine then; that it is there, only `flush` says. */
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
  // What waited for its decoding is old when it comes: it need not go alone for that.
  if (!isLarge && (now - load.since < mostMs || now - intake.setOffAt < mostMs)) return
  setOff(intake)
  while (bytesUnderWay(intake) > mostUnderWay) await intake.underWay[0]!.stored
}

/** Waits until what was taken is stored, and remembers that it is. */
export async function flush(intake: Intake): Promise<void> {
  setOff(intake)
  await intake.underWay.at(-1)!.stored
  await remember(intake, { ...intake, finished: false })
}

/** Remembers that all of the file is stored. */
export async function close(intake: Intake): Promise<void> {
  await remember(intake, { ...intake, finished: true })
}

/** Waits for what is on its way, of a file that broke off; it is not remembered any more. */
export async function leave(intake: Intake): Promise<void> {
  intake.isLeft = true
  await Promise.allSettled([...intake.underWay.map(({ stored }) => stored), ...intake.load.parts])
}

/** Has the rows and records of a part inserted. They are copied when it is done, so that their memory may be used again. */
async function insertPart({ store, hold }: Intake, load: Load, { batch, records }: FilePart): Promise<void> {
  const { parts, stored } = load
  const add = (part: Promise<void>): void => {
    // Who waits for the load hears of each.
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

/** Lets the load go on its way: once it is stored, and all before it, it is remembered how far the file has come. */
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
  // Whoever waits for the file hears of it.
  stored.catch(() => undefined)
  underWay.push({ bytes: load.bytes, stored })
}

const bytesUnderWay = ({ underWay }: Intake): number => underWay.reduce((sum, { bytes }) => sum + bytes, 0)

/** Waits until something is let in. It is on its way then. */
async function whenThereIsRoom<T>(insert: () => Promise<T>): Promise<{ readonly inserted: Promise<T> }> {
  for (;;) {
    try {
      return { inserted: insert() }
    } catch (error) {
      // Exporters are told to come back; a file can wait.
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

import { anchor } from './anchor.ts'
import { type BackFill, type BackFilled, backFill } from './back-fill.ts'
import type { Chosen, Comparison } from './cohorts.ts'
import { type DoctorFacts, doctorFacts } from './doctor.ts'
import { shown } from './engine/address.ts'
import { StoreError } from './errors.ts'
import { type ImportProgress, importProgress, rememberProgress } from './imports.ts'
import { type IngestState, type Inserted, startIngest } from './ingest/ingest.ts'
import { leaveOpen, ticksLeftOpen } from './ingest/left-open.ts'
import { type LogIngestState, startLogIngest } from './ingest/log-ingest.ts'
import type { LogRecord } from './ingest/log-record.ts'
import { meetOthers } from './ingest/other-servers.ts'
import { type SpanBatch, tickSeconds } from './ingest/span-batch.ts'
import {
  allOpen,
  claimLeft,
  type Hold,
  leave,
  newTickLedger,
  openTicks,
  release,
  secondsOpen,
  type TickKey,
} from './ingest/tick-ledger.ts'
import { type Known, known, openOf } from './known.ts'
import { countLook } from './looks.ts'
import { type Access, type Opened, openLocation } from './opening.ts'
import { closedTicks, reopenedTicks } from './queries/closing.ts'
import { type BuildsSeen, buildsSeenOf } from './read/builds.ts'
import { type Addresses, type CallsTick, callsOf } from './read/calls.ts'
import { type ComparisonFacts, cohortFacts } from './read/facts.ts'
import { type FlagShare, flagShares, flagsMet } from './read/flag-shares.ts'
import { type CellsAsked, type InstanceCell, instanceCellsOf } from './read/instance-cells.ts'
import { type InstanceLife, instanceLivesOf } from './read/instances.ts'
import type { Measure } from './read/measures.ts'
import { type MeasuredTick, readMeasures } from './read/read-measures.ts'
import { readTicks, type TickRead } from './read/read-ticks.ts'
import { type Sample, type SomeTicks, sampleTicks } from './read/sample.ts'
import { type SpanTick, spansOfTicks } from './read/structure.ts'
import { type Bad, type Suspects, suspects } from './read/suspects.ts'
import type { WarmUp } from './read/warm-up.ts'
import { checkRetention, forgetExpired, settleRetention } from './retention.ts'
import { type StoreSizes, storeSizes } from './sizes.ts'
import { lookBackSeconds } from './spans-only.ts'
import { failedCanaries, rememberVerdict, type SettledVerdict } from './verdicts.ts'

export interface StoreOptions {
  /** A directory, for the engine in this process; or the http(s) URL of a ClickHouse server. */
  readonly location: string
  /** The table that has the spans in a ClickHouse, `table` or `database.table`; when left out the one that its tables were made for, or `otel_traces`. */
  readonly traces?: string | undefined
  /** Nothing is to be inserted: a ClickHouse is read with what rights there are, if need be from raw spans. */
  readonly readOnly?: boolean
  /** How long a tick stays open after its end, and after its first span came. */
  readonly watermarkMs?: number
  /** Days after which spans and ticks are forgotten; when left out what the store has, 14 for a new one. */
  readonly retentionDays?: number | undefined
  /** Rows that may wait for the engine before `insert` refuses more with an error of kind `busy`. */
  readonly maxQueuedBytes?: number
  /** Bytes to leave free on the disk of a directory: with less, inserts are refused with an error of kind `full`. */
  readonly minFreeBytes?: number | undefined
  readonly now?: () => number
}

export interface Store {
  /**
   * Stores spans; settled when the engine has them. Throws a StoreError at once: `busy` when too many wait, `full` when
   * too little room is left on the disk.
   */
  readonly insert: (batch: SpanBatch, hold?: Hold) => Promise<Inserted>
  /** Stores log records; settled when the engine has them. Throws as `insert` does. */
  readonly insertLogs: (records: readonly LogRecord[]) => Promise<void>
  /**
   * Begins an import: ticks of batches that are inserted with it stay open until `release`. When it goes on where another
   * was interrupted, so do those that were found open when the store was opened: the other left them.
   */
  readonly hold: (goesOn?: boolean) => Promise<Hold>
  readonly release: (hold: Hold) => void
  /** Closes the ticks that are due, and gives their number. To be called every second or so. */
  readonly closeDue: () => Promise<number>
  /** Closes the first ticks of a past window that nobody has closed; to be called again from where it went to. */
  readonly backFill: (window: BackFill) => Promise<BackFilled>
  /**
   * Both cohorts, tick by tick, one operation at a time: closed ticks only, test traffic left out. Who warms up may become
   * known while they are read.
   */
  readonly readTicks: (comparison: Comparison, warmUp?: WarmUp | Promise<WarmUp>) => TickRead
  /** Which spans of the service lie below the requests of some ticks of a comparison. */
  readonly spansOfTicks: (comparison: Comparison, ticks: SomeTicks) => Promise<readonly SpanTick[] | undefined>
  /** A comparison's own measures, from raw spans, tick by tick of each operation. */
  readonly readMeasures: (comparison: Comparison, measures: readonly Measure[]) => AsyncIterable<MeasuredTick>
  /** Who the cohorts are: requests, instances, times, and what was left out. */
  readonly cohortFacts: (comparison: Comparison) => Promise<ComparisonFacts>
  /** The instances that served the cohorts that `cohortFacts` finds, which may still be looking; undefined where they are not known. */
  readonly instances: (
    comparison: Comparison,
    found: ComparisonFacts | Promise<ComparisonFacts>,
  ) => Promise<readonly InstanceLife[] | undefined>
  /** What each instance did at the operations, in a few blocks of the window; none where instances are not known apart. */
  readonly instanceCells: (comparison: Comparison, asked: CellsAsked) => Promise<readonly InstanceCell[]>
  /** When the builds that `cohortFacts` found were first seen; undefined for other cohorts. */
  readonly buildsSeen: (comparison: Comparison, found: ComparisonFacts) => Promise<BuildsSeen | undefined>
  /** How the cohorts were measured, from the raw spans of a few ticks. */
  readonly sample: (comparison: Comparison, ticks: SomeTicks) => Promise<Sample | undefined>
  /** Calls of other services to the addresses of one cohort each, and those without an answer. */
  readonly calls: (comparison: Comparison, addresses: Addresses) => Promise<readonly CallsTick[]>
  /** Which flag variants the cohorts of a comparison by build met. */
  readonly flagShares: (comparison: Comparison) => Promise<readonly FlagShare[]>
  /** The same of any comparison, if need be from raw spans, which takes seconds and may fail for it. */
  readonly flagsMet: (comparison: Comparison) => Promise<readonly FlagShare[]>
  /** What is bad in both cohorts at an operation (all, when null), by attribute, and traces of it; takes seconds and may fail for it. */
  readonly suspects: (comparison: Comparison, operation: string | null, bad: Bad) => Promise<Suspects>
  /** Remembers how a comparison of users' requests ended. */
  readonly rememberVerdict: (verdict: SettledVerdict) => Promise<void>
  /** Canaries of a service that failed when they were last settled. */
  readonly failedCanaries: (service: string) => Promise<readonly string[]>
  /** The start of a comparison, fixed at its first look; undefined while the canary has served nothing. */
  readonly anchor: (comparison: Pick<Comparison, 'service' | keyof Chosen>) => Promise<number | undefined>
  /** Which look at a comparison this is, for tests that may not look as often as one likes. */
  readonly countLook: (comparison: Pick<Comparison, 'service' | keyof Chosen>, endMs: number) => Promise<number>
  /** Services, and the builds and flag variants of one. */
  readonly known: (service?: string) => Promise<Known>
  /** Which marks arrive from a service; undefined when nothing has. */
  readonly doctorFacts: (service: string) => Promise<DoctorFacts | undefined>
  /** How far the import of a file has come; undefined when nothing of it is stored. */
  readonly importProgress: <Totals>(file: string) => Promise<ImportProgress<Totals> | undefined>
  /** Remembers how far a file has come; to be called when the spans up to there are stored. */
  readonly rememberProgress: <Totals>(file: string, progress: ImportProgress<Totals>) => Promise<void>
  /** The rows of a Parquet file from one on, as lines of JSON: names, types, then rows, each behind its number from 0 on. */
  readonly parquetRows: (bytes: AsyncIterable<Uint8Array>, fromRow: number) => AsyncIterable<Uint8Array>
  /** How ingest is doing. */
  readonly state: () => StoreState
  /** Rows and bytes of its tables. */
  readonly sizes: () => Promise<StoreSizes>
  readonly retentionDays: number
  /** What may be done with it. */
  readonly access: Access
  /** Waits for what is under way, then lets go of the engine. */
  readonly close: () => Promise<void>
}

/** How ingest is doing, of spans and of log records. */
export type StoreState = IngestState & { readonly logs: LogIngestState }

const looksNotCounted =
  'mode: looks are counted in the store, and this user may not write there; leave out "mode" to look as often as you like, or ask for the rights that "coalmine store init --dry-run" names'

// While the disk is full nothing else forgets what is old.
const forgetEveryMs = 60_000

/**
 * Opens a store: spans in, ticks out.
 *
 * Throws a StoreError of kind `held` when another process has the directory open, `full` when nothing at all fits on its
 * disk, and `unavailable` when it cannot be written, the server does not answer or the embedded engine is not installed.
 *
 * const store = await openStore({ location: '.coalmine' })
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const {
    location,
    traces,
    readOnly = false,
    watermarkMs = 15_000,
    retentionDays,
    minFreeBytes,
    now = Date.now,
  } = options
  if (retentionDays !== undefined) checkRetention(retentionDays)
  const opened = await openLocation({ location, traces, readOnly, watermarkMs, retentionDays, minFreeBytes, now })
  try {
    return await storeOver(opened, { ...options, readOnly, watermarkMs, now })
  } catch (error) {
    await opened.engine.close()
    throw error
  }
}

type Told = StoreOptions & Required<Pick<StoreOptions, 'readOnly' | 'watermarkMs' | 'now'>>

async function storeOver(
  { engine, traces, logs, access, shared }: Opened,
  { location, readOnly, watermarkMs, retentionDays: askedDays, maxQueuedBytes = 128_000_000, now }: Told,
): Promise<Store> {
  const reads = shared && readOnly
  // Nothing is remembered on a full disk, but what is there is answered.
  const isSpent = (): boolean => engine.space?.isSpent() ?? false
  const retentionDays = await settleRetention(engine, reads || isSpent() ? undefined : askedDays, !shared)
  const ledger = newTickLedger(shared ? [] : await engine.read(closedTicks))
  leave(ledger, shared ? [] : await ticksLeftOpen(engine, location), now())
  const others = shared && !reads ? meetOthers({ engine, ledger, watermarkMs, now }) : undefined
  await others?.meet()
  const ingest = startIngest({ engine, traces, ledger, watermarkMs, maxQueuedBytes, now, others })
  const forgetDue = atMostEvery(forgetEveryMs, now, () => forgetExpired(engine, retentionDays, now()))
  const logIngest = startLogIngest({ engine, logs, maxQueuedBytes, now })
  const mustWrite = (): void => {
    if (reads) throw new StoreError('unavailable', `store ${shown(location)}: it is open for reading only`)
  }
  const of = <Asked extends Chosen>(asked: Asked): Asked => ({
    ...asked,
    fromSpans: access === 'spans',
    remembers: access === 'all',
  })
  const lookBack = (seconds: number): number => (shared ? Math.floor(now() / 1000) - seconds : 0)
  const openIn = async (service: string): Promise<Known['open']> =>
    shared ? openOf(engine, service, lookBack(3600), now()) : openTicks(ledger, service)
  return {
    insert: (batch, hold) => {
      mustWrite()
      return ingest.insert(batch, hold)
    },
    insertLogs: (records) => {
      mustWrite()
      return logIngest.insert(records)
    },
    hold: async (goesOn = false) => {
      const hold: Hold = { ticks: new Map() }
      if (!goesOn) return hold
      if (shared) leave(ledger, await engine.read<TickKey>(reopenedTicks), now())
      claimLeft(ledger, hold)
      return hold
    },
    release: (hold) => release(ledger, hold),
    closeDue: async () => {
      if (reads) return 0
      if (engine.space?.isShort() && !isSpent()) await forgetDue()
      return ingest.closeDue()
    },
    backFill: (window) => backFill(window, { engine, ledger, closeDue: ingest.closeDue, dueMs: now() - watermarkMs }),
    readTicks: (comparison, warmUp) => readTicks(engine, of(comparison), warmUp),
    spansOfTicks: (comparison, ticks) => spansOfTicks(engine, comparison, ticks),
    readMeasures: (comparison, measures) => readMeasures(engine, comparison, measures),
    cohortFacts: (comparison) => cohortFacts(engine, of(comparison)),
    instances: (comparison, found) => instanceLivesOf(engine, comparison, found),
    instanceCells: (comparison, asked) => instanceCellsOf(engine, of(comparison), asked),
    buildsSeen: (comparison, found) => buildsSeenOf(engine, comparison, found),
    sample: (comparison, ticks) => sampleTicks(engine, comparison, ticks),
    calls: (comparison, addresses) => callsOf(engine, comparison, addresses),
    flagShares: (comparison) => flagShares(engine, of(comparison)),
    flagsMet: (comparison) => flagsMet(engine, of(comparison)),
    suspects: (comparison, operation, bad) => suspects(engine, comparison, operation, bad),
    anchor: (comparison) => anchor(engine, of(comparison), access === 'all' && !isSpent()),
    countLook: async (comparison, endMs) => {
      if (access === 'all') return countLook(engine, comparison, endMs)
      throw new StoreError('usage', looksNotCounted)
    },
    rememberVerdict: async (verdict) => {
      if (access === 'all' && !isSpent()) await rememberVerdict(engine, verdict)
    },
    failedCanaries: (service) => failedCanaries(engine, service),
    known: async (service = '') => known(engine, service, await openIn(service), lookBack(lookBackSeconds)),
    doctorFacts: (service) =>
      doctorFacts(engine, logs, { service, lookBackMs: lookBack(lookBackSeconds) * 1000 }, async () => {
        const { unattended, ...open } = await openIn(service)
        if (!shared) return { ...open, seconds: secondsOpen(ledger, service, now(), watermarkMs) }
        return { ...open, seconds: open.ticks > 0 ? Math.ceil(watermarkMs / 1000) + tickSeconds : 0 }
      }),
    importProgress: (file) => importProgress(engine, file),
    rememberProgress: (file, progress) => rememberProgress(engine, file, progress),
    parquetRows: engine.parquetRows,
    state: () => ({ ...ingest.state(), logs: logIngest.state() }),
    sizes: () => storeSizes(engine, traces, logs, retentionDays),
    retentionDays,
    access,
    close: async () => {
      await ingest.drained()
      await logIngest.drained()
      // Whoever opens the directory next would find them too, only later.
      if (!shared) await leaveOpen(engine, location, allOpen(ledger)).catch(() => {})
      await engine.close()
    },
  }
}

function atMostEvery(ms: number, now: () => number, work: () => Promise<unknown>): () => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY
  return async () => {
    if (now() - lastMs < ms) return
    lastMs = now()
    await work()
  }
}

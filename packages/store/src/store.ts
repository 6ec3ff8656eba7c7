import { anchor } from './anchor.ts'
import type { Chosen, Comparison } from './cohorts.ts'
import { type DoctorFacts, doctorFacts } from './doctor.ts'
import { openEmbedded } from './engine/embedded.ts'
import type { Engine } from './engine/engine.ts'
import { type ImportProgress, importProgress, rememberProgress } from './imports.ts'
import { type IngestState, type Inserted, startIngest } from './ingest/ingest.ts'
import type { SpanBatch } from './ingest/span-batch.ts'
import { claimLeft, type Hold, leave, newTickLedger, openTicks, release, secondsOpen } from './ingest/tick-ledger.ts'
import { type Known, known } from './known.ts'
import { countLook } from './looks.ts'
import { closedTicks, unclosedTicks } from './queries/closing.ts'
import { type BuildsSeen, buildsSeenOf } from './read/builds.ts'
import { type Addresses, type CallsTick, callsOf } from './read/calls.ts'
import { type ComparisonFacts, cohortFacts } from './read/facts.ts'
import { type FlagShare, flagShares, flagsMet } from './read/flag-shares.ts'
import { type CellsAsked, type InstanceCell, instanceCellsOf } from './read/instance-cells.ts'
import { type InstanceLife, instanceLivesOf } from './read/instances.ts'
import type { Measure } from './read/measures.ts'
import { type MeasuredTick, readMeasures } from './read/read-measures.ts'
import { readTicks, type TickRead } from './read/read-ticks.ts'
import { type Sample, sampleTicks } from './read/sample.ts'
import { type SpanTick, spansOfTicks } from './read/structure.ts'
import { type Bad, type Suspects, suspects } from './read/suspects.ts'
import type { WarmUp } from './read/warm-up.ts'
import { checkRetention, DEFAULT_RETENTION_DAYS, settleRetention } from './retention.ts'
import { settleSchema } from './schema.ts'
import { type StoreSizes, storeSizes } from './sizes.ts'
import { DEFAULT_TRACES } from './traces.ts'
import { failedCanaries, rememberVerdict, type SettledVerdict } from './verdicts.ts'

export type StoreOptions = {
  /** A directory, for the engine in this process; or the http(s) URL of a ClickHouse server. */
  readonly location: string
  /** How long a tick stays open after its end, and after its first span came. */
  readonly watermarkMs?: number
  /** Days after which spans and ticks are forgotten; when left out what the store has, 14 for a new one. */
  readonly retentionDays?: number | undefined
  /** Rows that may wait for the engine before `insert` refuses more with an error of kind `busy`. */
  readonly maxQueuedBytes?: number
  readonly now?: () => number
}

export type Store = {
  /** Stores spans; settled when the engine has them. Throws at once, a StoreError of kind `busy`, when too many wait. */
  readonly insert: (batch: SpanBatch, hold?: Hold) => Promise<Inserted>
  /**
   * Begins an import: ticks of batches that are inserted with it stay open until `release`. When it goes on where another
   * was interrupted, so do those that were found open when the store was opened: the other left them.
   */
  readonly hold: (goesOn?: boolean) => Hold
  readonly release: (hold: Hold) => void
  /** Closes the ticks that are due, and gives their number. To be called every second or so. */
  readonly closeDue: () => Promise<number>
  /** Both cohorts, tick by tick, one operation at a time: closed ticks only, test traffic left out. */
  readonly readTicks: (comparison: Comparison, warmUp?: WarmUp) => TickRead
  /** Which spans of the service lie below the requests of some ticks of a comparison, milliseconds since 1970. */
  readonly spansOfTicks: (comparison: Comparison, ticks: readonly number[]) => Promise<readonly SpanTick[] | undefined>
  /** A comparison's own measures, from raw spans, tick by tick of each operation. */
  readonly readMeasures: (comparison: Comparison, measures: readonly Measure[]) => AsyncIterable<MeasuredTick>
  /** Who the cohorts are: requests, instances, times, and what was left out. */
  readonly cohortFacts: (comparison: Comparison) => Promise<ComparisonFacts>
  /** The instances that served the cohorts that `cohortFacts` found; undefined where they are not known. */
  readonly instances: (comparison: Comparison, found: ComparisonFacts) => Promise<readonly InstanceLife[] | undefined>
  /** What each instance did at the operations, in a few blocks of the window; none where instances are not known apart. */
  readonly instanceCells: (comparison: Comparison, asked: CellsAsked) => Promise<readonly InstanceCell[]>
  /** When the builds that `cohortFacts` found were first seen; undefined for other cohorts. */
  readonly buildsSeen: (comparison: Comparison, found: ComparisonFacts) => Promise<BuildsSeen | undefined>
  /** How the cohorts were measured, from the raw spans of a few ticks. */
  readonly sample: (comparison: Comparison, ticksMs: readonly number[]) => Promise<Sample | undefined>
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
  readonly state: () => IngestState
  /** Rows and bytes of its tables. */
  readonly sizes: () => Promise<StoreSizes>
  readonly retentionDays: number
  /** Waits for what is under way, then lets go of the engine. */
  readonly close: () => Promise<void>
}

/**
 * Opens a store: spans in, ticks out.
 *
 * Throws a StoreError of kind `held` when another process has the directory open, and `unavailable` when it cannot be
 * written, the server does not answer or the embedded engine is not installed.
 *
 * const store = await openStore({ location: '.coalmine' })
 */
export async function openStore({
  location,
  watermarkMs = 15_000,
  retentionDays: askedDays,
  maxQueuedBytes = 128_000_000,
  now = Date.now,
}: StoreOptions): Promise<Store> {
  if (askedDays !== undefined) checkRetention(askedDays)
  const layout = { traces: DEFAULT_TRACES, retentionDays: askedDays ?? DEFAULT_RETENTION_DAYS }
  const prepare = async (engine: Engine): Promise<void> => {
    await settleSchema(engine, layout, location)
  }
  const engine = await openEngine(location, prepare)
  const retentionDays = await settleRetention(engine, askedDays)
  const ledger = newTickLedger(await engine.read(closedTicks))
  const left = await engine.read<{ service: string; tick: number; spans: number }>(unclosedTicks)
  leave(ledger, left, now())
  const ingest = startIngest({ engine, ledger, watermarkMs, maxQueuedBytes, now })
  return {
    insert: ingest.insert,
    hold: (goesOn = false) => {
      const hold: Hold = { ticks: new Map() }
      if (goesOn) claimLeft(ledger, hold)
      return hold
    },
    release: (hold) => release(ledger, hold),
    closeDue: ingest.closeDue,
    readTicks: (comparison, warmUp) => readTicks(engine, comparison, warmUp),
    spansOfTicks: (comparison, ticks) => spansOfTicks(engine, comparison, ticks),
    readMeasures: (comparison, measures) => readMeasures(engine, comparison, measures),
    cohortFacts: (comparison) => cohortFacts(engine, comparison),
    instances: (comparison, found) => instanceLivesOf(engine, comparison, found),
    instanceCells: (comparison, asked) => instanceCellsOf(engine, comparison, asked),
    buildsSeen: (comparison, found) => buildsSeenOf(engine, comparison, found),
    sample: (comparison, ticksMs) => sampleTicks(engine, comparison, ticksMs),
    calls: (comparison, addresses) => callsOf(engine, comparison, addresses),
    flagShares: (comparison) => flagShares(engine, comparison),
    flagsMet: (comparison) => flagsMet(engine, comparison),
    suspects: (comparison, operation, bad) => suspects(engine, comparison, operation, bad),
    anchor: (comparison) => anchor(engine, comparison),
    countLook: (comparison, endMs) => countLook(engine, comparison, endMs),
    rememberVerdict: (verdict) => rememberVerdict(engine, verdict),
    failedCanaries: (service) => failedCanaries(engine, service),
    known: (service = '') => known(engine, service, openTicks(ledger, service)),
    doctorFacts: (service) =>
      doctorFacts(engine, service, () => ({
        ...openTicks(ledger, service),
        seconds: secondsOpen(ledger, service, now(), watermarkMs),
      })),
    importProgress: (file) => importProgress(engine, file),
    rememberProgress: (file, progress) => rememberProgress(engine, file, progress),
    parquetRows: engine.parquetRows,
    state: ingest.state,
    sizes: () => storeSizes(engine, DEFAULT_TRACES, retentionDays),
    retentionDays,
    close: async () => {
      await ingest.drained()
      await engine.close()
    },
  }
}

async function openEngine(location: string, prepare: (engine: Engine) => Promise<void>): Promise<Engine> {
  if (!/^https?:/.test(location)) return openEmbedded(location, prepare)
  const { openRemote } = await import('./engine/remote.ts')
  const engine = await openRemote(location)
  try {
    await prepare(engine)
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}

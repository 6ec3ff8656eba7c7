import { type Budgets, budgetsOf } from './budgets.ts'
import { type Changes, changesOf } from './changes.ts'
import type { AsRead } from './comparison.ts'
import { type ComparisonEvents, comparisonEventsOf } from './comparison-events.ts'
import { type ComparisonViews, comparisonViewsOf } from './comparison-views.ts'
import { type Flags, flagsOf } from './flags.ts'
import { type Imports, importsOf } from './imports.ts'
import { type Ingest, startIngest } from './ingest/ingest.ts'
import { type Memory, memoryOf } from './memory.ts'
import { type Notifications, notificationsOf } from './notifications.ts'
import { type Access, type Opened, openLocation } from './opening.ts'
import { type CohortReader, cohortReader } from './read/cohort-reader.ts'
import { type ServiceReader, serviceReader } from './read/service-reader.ts'
import { type StoreSizes, storeSizes } from './read/sizes.ts'
import { type SpanReader, spanReader } from './read/span-reader.ts'
import { type TickReader, tickReader } from './read/tick-reader.ts'
import { checkRetention, settleRetention } from './retention.ts'
import { type RolloutEvents, rolloutEventsOf } from './rollout-events.ts'
import { type TestRuns, testRunsOf } from './test-runs.ts'

/** Options for opening a store. */
export interface StoreOptions {
  /** A directory, opened by the embedded engine, or the http(s) URL of a ClickHouse server. */
  readonly location: string
  /**
   * The span table on a ClickHouse server, as `table` or `database.table`. Defaults to the one that Coalmine's tables were
   * created for, or `otel_traces`.
   */
  readonly traces?: string | undefined
  /** Insert nothing: read a ClickHouse server with whatever rights the user has, from raw spans if need be. */
  readonly readOnly?: boolean
  /** How long a tick stays open after its end, and after its first span arrived. */
  readonly watermarkMs?: number
  /** Days to keep spans and ticks. Defaults to the store's current setting, or 14 for a new store. */
  readonly retentionDays?: number | undefined
  /** Bytes of rows that may wait for the engine before `insert` refuses more with an error of kind `busy`. */
  readonly maxQueuedBytes?: number
  /** Bytes to leave free on the directory's disk; below that, inserts fail with an error of kind `full`. */
  readonly minFreeBytes?: number | undefined
  /** Sync spans to the directory's disk before `insert` resolves; otherwise a power failure may lose the last half minute. */
  readonly fsync?: boolean | undefined
  /** The directory is removed when the process ends, so its tables are created without waiting for the disk. */
  readonly temporary?: boolean
  readonly now?: () => number
}

/** A store: ingests spans and answers queries, grouped by who asks them. */
export interface Store {
  /** Inserts spans and log records, and closes ticks. */
  readonly ingest: Ingest
  /** What the cohorts of a comparison did, tick by tick. */
  readonly ticks: TickReader
  /** The members of the cohorts. */
  readonly cohorts: CohortReader
  /** Queries that only raw spans can answer. */
  readonly spans: SpanReader
  /** State kept about comparisons from one look to the next. */
  readonly memory: Memory
  /** Events of running comparisons. */
  readonly comparisons: ComparisonEvents
  /** Details shown next to the verdicts of comparisons. */
  readonly views: ComparisonViews
  /** Deploys and other changes. */
  readonly changes: Changes
  /** The counts behind error budgets. */
  readonly budgets: Budgets
  /** The history of flags. */
  readonly flags: Flags
  /** Messages to people, and their delivery state. */
  readonly notifications: Notifications
  /** Events of rollouts. */
  readonly rollouts: RolloutEvents
  /** Test runs, their events, and what users' requests did meanwhile. */
  readonly testRuns: TestRuns
  /** What the store has seen of services, independent of any comparison. */
  readonly services: ServiceReader
  /** Progress of file imports. */
  readonly imports: Imports
  /** Rows and bytes of the store's tables. */
  readonly sizes: () => Promise<StoreSizes>
  /** Days of spans and ticks that the store keeps. */
  readonly retentionDays: number
  /** Which operations the store allows. */
  readonly access: Access
  /** Table parts that the engine found broken at startup and set aside; their contents are not counted. */
  readonly putAside: readonly string[]
  /** Waits for pending work, then closes the engine. */
  readonly close: () => Promise<void>
}

/** Implements the package's `openStore`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { location, traces, readOnly = false, watermarkMs = 15_000, retentionDays, minFreeBytes, fsync } = options
  const { temporary = false, maxQueuedBytes = 128_000_000, now = Date.now } = options
  if (retentionDays !== undefined) checkRetention(retentionDays)
  const opened = await openLocation({
    location,
    traces,
    readOnly,
    watermarkMs,
    retentionDays,
    minFreeBytes,
    fsync,
    temporary,
    now,
  })
  try {
    return await storeOver(opened, { location, readOnly, watermarkMs, retentionDays, maxQueuedBytes, now })
  } catch (error) {
    await opened.engine.close()
    throw error
  }
}

type Settled = Pick<StoreOptions, 'location' | 'retentionDays'> &
  Required<Pick<StoreOptions, 'readOnly' | 'watermarkMs' | 'maxQueuedBytes' | 'now'>>

async function storeOver(opened: Opened, options: Settled): Promise<Store> {
  const { engine, traces, logs, access, shared } = opened
  const { readOnly, watermarkMs, now } = options
  // A full disk is still read, but nothing more is written to it.
  const isSpent = (): boolean => engine.space?.isSpent() ?? false
  const asked = (shared && readOnly) || isSpent() ? undefined : options.retentionDays
  const retentionDays = await settleRetention(engine, asked, !shared)
  const { ingest, ledger, stop } = await startIngest(opened, { ...options, retentionDays })
  const asRead: AsRead = (comparison) => ({
    ...comparison,
    fromSpans: access === 'spans',
    remembers: access === 'all',
  })
  return {
    ingest,
    ticks: tickReader(engine, asRead),
    cohorts: cohortReader(engine, asRead),
    spans: spanReader(engine),
    memory: memoryOf(engine, asRead, { access, isSpent }),
    comparisons: comparisonEventsOf(engine, { access, isSpent }),
    views: comparisonViewsOf(engine, { access, isSpent }),
    changes: changesOf(engine, { access, isSpent, forgottenMs: () => now() - (retentionDays - 1) * 86_400_000 }),
    budgets: budgetsOf(engine, { access, isSpent, retentionDays, now }),
    flags: flagsOf(engine, { access, isSpent, retentionDays, now }),
    notifications: notificationsOf(engine, { access, isSpent }),
    rollouts: rolloutEventsOf(engine, { access, isSpent }),
    testRuns: testRunsOf(engine, { access, isSpent }),
    services: serviceReader(engine, {
      logs,
      ledger: shared ? undefined : ledger,
      spansAlone: access === 'spans',
      watermarkMs,
      now,
    }),
    imports: importsOf(engine),
    sizes: () => storeSizes(engine, traces, logs, retentionDays),
    retentionDays,
    access,
    putAside: engine.putAside ?? [],
    close: async () => {
      await stop()
      await engine.close()
    },
  }
}

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

/** How a store is opened. */
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
  /** Spans in a directory are on its disk before `insert` is settled; otherwise a loss of power may lose those of the last half minute. */
  readonly fsync?: boolean | undefined
  /** A directory that is removed with the process: its tables are made without waiting for the disk. */
  readonly temporary?: boolean
  readonly now?: () => number
}

/** A store: spans in, and what is asked of them out, by who asks. */
export interface Store {
  /** Spans and log records in, and ticks closed. */
  readonly ingest: Ingest
  /** What the cohorts of a comparison did, tick by tick. */
  readonly ticks: TickReader
  /** Who they are. */
  readonly cohorts: CohortReader
  /** What only raw spans tell of them. */
  readonly spans: SpanReader
  /** What is remembered of comparisons. */
  readonly memory: Memory
  /** What happened to comparisons that run. */
  readonly comparisons: ComparisonEvents
  /** What people look at beside their verdicts. */
  readonly views: ComparisonViews
  /** What was deployed, and what else changed. */
  readonly changes: Changes
  /** What error budgets are counted from. */
  readonly budgets: Budgets
  /** What is known of flags. */
  readonly flags: Flags
  /** Messages to people, and what became of them. */
  readonly notifications: Notifications
  /** What happened to rollouts. */
  readonly rollouts: RolloutEvents
  /** Test runs, what users' requests did meanwhile, and what became of them. */
  readonly testRuns: TestRuns
  /** What was seen of services, whoever is compared. */
  readonly services: ServiceReader
  /** How far imports of files have come. */
  readonly imports: Imports
  /** Rows and bytes of its tables. */
  readonly sizes: () => Promise<StoreSizes>
  /** How many days of spans and ticks it keeps. */
  readonly retentionDays: number
  /** What may be done with it. */
  readonly access: Access
  /** Parts of tables that the engine found broken as it started, and put aside: what was in them is not counted. */
  readonly putAside: readonly string[]
  /** Waits for what is under way, then lets go of the engine. */
  readonly close: () => Promise<void>
}

/** Does what `openStore` of this package says. */
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
  // Nothing is remembered on a full disk, but what is there is answered.
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

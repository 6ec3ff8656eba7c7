import { shown } from '../engine/address.ts'
import { StoreError } from '../errors.ts'
import type { Opened } from '../opening.ts'
import { forgetExpired } from '../retention.ts'
import { type BackFill, type BackFilled, backFill } from './back-fill.ts'
import { newTickCloser } from './close-ticks.ts'
import { closedTicks, reopenedTicks } from './closing.ts'
import { leaveOpen, ticksLeftOpen } from './left-open.ts'
import { type LogIngestState, startLogIngest } from './log-ingest.ts'
import { type LogLines, type LogRecord, logLines } from './log-record.ts'
import { meetOthers } from './other-servers.ts'
import type { SpanBatch } from './span-batch.ts'
import { type Inserted, type SpanIngestState, startSpanIngest } from './span-ingest.ts'
import {
  allOpen,
  claimLeft,
  type Hold,
  leave,
  newTickLedger,
  release,
  type TickKey,
  type TickLedger,
} from './tick-ledger.ts'

/** Inserts spans and log records, and closes ticks. */
export interface Ingest {
  /**
   * Stores spans; resolves when the engine has them. Throws a StoreError at once: `busy` if too many are queued, `full` if
   * too little disk space is left.
   */
  readonly insert: (batch: SpanBatch, hold?: Hold) => Promise<Inserted>
  /** Stores log records; resolves when the engine has them. Throws as `insert` does. */
  readonly insertLogs: (records: readonly LogRecord[] | LogLines) => Promise<void>
  /**
   * Begins an import: ticks of batches inserted with the hold stay open until `release`. If the import resumes an
   * interrupted one (`goesOn`), so do the ticks that were found open when the store was opened.
   */
  readonly hold: (goesOn?: boolean) => Promise<Hold>
  /** Ends an import. */
  readonly release: (hold: Hold) => void
  /** Closes the ticks that are due and resolves to their number. Call it about once a second. */
  readonly closeDue: () => Promise<number>
  /** Closes the first unclosed ticks of a past window. Call it again from where it stopped. */
  readonly backFill: (window: BackFill) => Promise<BackFilled>
  /** The current state of ingest. */
  readonly state: () => IngestState
}

/** The state of ingest, for spans and for log records. */
export type IngestState = SpanIngestState & { readonly logs: LogIngestState }

interface IngestOptions {
  readonly location: string
  /** Insert nothing into a server's store, and close none of its ticks. */
  readonly readOnly: boolean
  readonly watermarkMs: number
  readonly retentionDays: number
  readonly maxQueuedBytes: number
  readonly now: () => number
}

/** A running ingest, its open ticks, and a way to stop it. */
interface Running {
  readonly ingest: Ingest
  readonly ledger: TickLedger
  /** Waits for pending work, and saves which ticks are open. */
  readonly stop: () => Promise<void>
}

// While the disk is full, nothing else drops expired data.
const forgetEveryMs = 60_000

/** Starts ingest into an opened store. */
export async function startIngest(
  { engine, traces, logs, shared }: Opened,
  { location, readOnly, watermarkMs, retentionDays, maxQueuedBytes, now }: IngestOptions,
): Promise<Running> {
  const reads = shared && readOnly
  const ledger = newTickLedger(shared ? [] : await engine.read(closedTicks))
  leave(ledger, shared ? [] : await ticksLeftOpen(engine, location), now())
  const others = shared && !reads ? meetOthers({ engine, ledger, watermarkMs, now }) : undefined
  await others?.meet()
  const closer = newTickCloser({ engine, ledger, watermarkMs, now, others })
  const spans = startSpanIngest({ engine, traces, ledger, closer, watermarkMs, maxQueuedBytes, now })
  const records = startLogIngest({ engine, logs, maxQueuedBytes, now })
  const forgetDue = atMostEvery(forgetEveryMs, now, () => forgetExpired(engine, retentionDays, now()))
  const mustWrite = (): void => {
    if (reads) throw new StoreError('unavailable', `store ${shown(location)}: it is open only for reading`)
  }
  const ingest: Ingest = {
    insert: (batch, hold) => {
      mustWrite()
      return spans.insert(batch, hold)
    },
    insertLogs: (some) => {
      mustWrite()
      return records.insert('text' in some ? some : logLines(some))
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
      if (engine.space?.isShort() && !engine.space.isSpent()) await forgetDue()
      return closer.closeDue()
    },
    backFill: (window) => backFill(window, { engine, ledger, closeDue: closer.closeDue, dueMs: now() - watermarkMs }),
    state: () => ({ ...spans.state(), logs: records.state() }),
  }
  const stop = async (): Promise<void> => {
    await spans.drained()
    await records.drained()
    await closer.drained()
    // The next process to open the directory would find them anyway, only more slowly.
    if (!shared) await leaveOpen(engine, location, allOpen(ledger)).catch(() => {})
  }
  return { ingest, ledger, stop }
}

function atMostEvery(ms: number, now: () => number, work: () => Promise<unknown>): () => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY
  return async () => {
    if (now() - lastMs < ms) return
    lastMs = now()
    await work()
  }
}

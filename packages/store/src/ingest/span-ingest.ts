import type { Engine } from '../engine/engine.ts'
import type { Space } from '../engine/space.ts'
import { sinceOf } from '../tick.ts'
import type { Traces } from '../traces.ts'
import { noteArrival } from './arrival-lags.ts'
import type { TickCloser } from './close-ticks.ts'
import { countLate, reopenTicks } from './closing.ts'
import { type InsertGroup, type InsertQueueState, startInsertQueue, type Waiter } from './insert-queue.ts'
import { newRowBytes, type RowBytes, writeBytes } from './row-bytes.ts'
import type { SpanBatch } from './span-batch.ts'
import { columnsInTurn } from './tick-columns.ts'
import { expect, type Hold, isClosed, settle, type TickKey, type TickLedger, waiting } from './tick-ledger.ts'

/** The result of inserting a batch. `late` spans are stored but not counted, because their ticks had closed. */
export interface Inserted {
  readonly late: number
}

/** Inserts spans into the engine. */
export interface SpanIngest {
  /** Copies the rows, so that the batch can be reused at once. Throws a StoreError of kind `busy` or `full` at once. */
  readonly insert: (batch: SpanBatch, hold?: Hold) => Promise<Inserted>
  readonly drained: () => Promise<void>
  readonly state: () => SpanIngestState
}

/** The state of span ingest. Totals count from the opening of the store. */
export interface SpanIngestState {
  readonly queuedBytes: number
  readonly lateSpans: number
  readonly closedTicks: number
  readonly openTicks: number
  /** How long ago the longest-waiting tick was due to close; 0 if none is due. */
  readonly overdueSeconds: number
  /** The free space on the disk of an embedded store. */
  readonly space: Space | undefined
  /** Why the newest spans were not stored, and when that was; undefined once spans are stored again. */
  readonly failed: InsertQueueState['failed']
}

interface SpanIngestOptions {
  readonly engine: Engine
  /** The table of spans. */
  readonly traces: Traces
  readonly ledger: TickLedger
  readonly closer: TickCloser
  readonly watermarkMs: number
  readonly maxQueuedBytes: number
  readonly now: () => number
}

interface WaitingSpans extends Waiter {
  readonly hold: Hold | undefined
  /** Ticks that wait for these spans, those that an import reopened, and ticks that had closed before the spans arrived. */
  readonly expected: TickKey[]
  readonly reopened: TickKey[]
  readonly late: TickKey[]
}

const enoughBytes = 8_000_000
const insertBytes = 32_000_000
// Row buffers are reused: new ones for each insert keep the garbage collector busier than the decoder.
const spareRows = 2

/** Starts span ingest. */
export function startSpanIngest(options: SpanIngestOptions): SpanIngest {
  const { engine, traces, ledger, closer, watermarkMs, maxQueuedBytes, now } = options
  const spare: RowBytes[] = []
  let lateSpans = 0

  // A span that arrives while its tick is open is counted, however long it waits for the engine.
  const sort = ({ expected, reopened, late, hold }: WaitingSpans, keys: readonly TickKey[]): void => {
    for (const key of keys) {
      const closed = isClosed(ledger, key.service, key.tick)
      if (!hold) noteArrival(ledger.lags, key, now(), closed)
      if (closed && !hold) late.push(key)
      else {
        if (closed) reopened.push(key)
        // The tick is closed anew with all of its spans, not only the new ones.
        expect(ledger, closed ? { ...key, since: sinceOf(key.tick) } : key, now(), hold)
        expected.push(key)
      }
    }
  }

  const write = async ({ rows, waiting: group }: InsertGroup<RowBytes, WaitingSpans>): Promise<void> => {
    // A tick must not grow while it is being closed: a span would be both counted and reported as late.
    if (await closer.waitFor(group.flatMap(({ late, reopened }) => [...late, ...reopened])))
      for (const waiter of group) sort(waiter, waiter.late.splice(0))
    const expected = group.flatMap((waiter) => waiter.expected)
    let stored = false
    try {
      // Recorded before they grow, so that after a crash every tick is either open or closed with all of its spans.
      for (const ticks of columnsInTurn(group.flatMap(({ reopened }) => reopened)))
        await engine.write(reopenTicks, ticks)
      await engine.insertSpans(rows.bytes.subarray(0, rows.length), traces)
      stored = true
    } finally {
      for (const key of expected) settle(ledger, key, stored)
    }
    const late = group.flatMap((waiter) => waiter.late)
    for (const ticks of columnsInTurn(late)) await engine.writeOnce(countLate, ticks)
    lateSpans += spansOf(late)
  }

  const queue = startInsertQueue<RowBytes, WaitingSpans>({
    space: engine.space,
    name: 'spans',
    mostQueued: maxQueuedBytes,
    mostTogether: insertBytes,
    enough: enoughBytes,
    newRows: () => spare.pop() ?? newRowBytes(),
    write,
    done: (rows) => {
      rows.length = 0
      if (spare.length < spareRows && rows.bytes.length <= 2 * insertBytes) spare.push(rows)
    },
    now,
  })

  return {
    insert: (batch, hold) => {
      if (batch.spans === 0) return Promise.resolve({ late: 0 })
      const { bytes, length } = batch.rows
      queue.admit(length)
      return new Promise((resolve, refused) => {
        const late: TickKey[] = []
        const stored = (): void => resolve({ late: spansOf(late) })
        const waiter: WaitingSpans = { hold, expected: [], reopened: [], late, stored, refused }
        const put = (rows: RowBytes): void => {
          writeBytes(rows, bytes, 0, length)
          sort(waiter, ticksOf(batch))
        }
        queue.push(length, put, waiter)
      })
    },
    drained: queue.drained,
    state: () => {
      const { ticks, oldestDueMs } = waiting(ledger, now(), watermarkMs)
      const { queued, failed } = queue.state()
      return {
        queuedBytes: queued,
        lateSpans,
        closedTicks: closer.closedTicks(),
        openTicks: ticks,
        overdueSeconds: oldestDueMs === undefined ? 0 : Math.max(0, (now() - oldestDueMs) / 1000),
        space: engine.space?.space(),
        failed,
      }
    },
  }
}

function ticksOf(batch: SpanBatch): TickKey[] {
  const keys: TickKey[] = []
  for (const [service, ticks] of batch.arrivals)
    for (const [tick, { spans, since }] of ticks) keys.push({ service, tick, spans, since })
  return keys
}

const spansOf = (keys: readonly TickKey[]): number => keys.reduce((sum, { spans }) => sum + spans, 0)

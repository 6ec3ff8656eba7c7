import type { Engine } from '../engine/engine.ts'
import type { Space } from '../engine/space.ts'
import { StoreError } from '../errors.ts'
import { tickSeconds } from '../tick.ts'
import type { Traces } from '../traces.ts'
import { commitTicks, countLate, engineTime, reopenTicks } from './closing.ts'
import type { OtherServers } from './other-servers.ts'
import { newRowBytes, type RowBytes, writeBytes } from './row-bytes.ts'
import type { SpanBatch } from './span-batch.ts'
import { summingUp } from './summing-up.ts'
import * as ledgers from './tick-ledger.ts'

/** What became of a batch. `late` spans are stored, but their ticks had closed and do not count them. */
export interface Inserted {
  readonly late: number
}

/** The way into the engine: batches that arrive together share an insert, and ticks close beside it. */
export interface SpanIngest {
  /** Copies the rows, so that the batch may be used again at once. */
  readonly insert: (batch: SpanBatch, hold?: ledgers.Hold) => Promise<Inserted>
  readonly closeDue: () => Promise<number>
  readonly drained: () => Promise<void>
  readonly state: () => SpanIngestState
}

/** How the spans are doing. Totals are since the store was opened. */
export interface SpanIngestState {
  readonly queuedBytes: number
  readonly lateSpans: number
  readonly closedTicks: number
  readonly openTicks: number
  /** How long ago the tick that has waited longest was due to close; 0 when none is. */
  readonly overdueSeconds: number
  /** The room on the disk of an embedded store. */
  readonly space: Space | undefined
  /** Why the newest spans were not stored, and when that was; undefined once spans are stored again. */
  readonly failed: { readonly error: StoreError; readonly atMs: number } | undefined
}

interface SpanIngestOptions {
  readonly engine: Engine
  /** The table that has the spans. */
  readonly traces: Traces
  readonly ledger: ledgers.TickLedger
  readonly watermarkMs: number
  readonly maxQueuedBytes: number
  readonly now: () => number
  /** Where other servers insert spans and close ticks too. */
  readonly others: OtherServers | undefined
}

interface Waiting {
  readonly hold: ledgers.Hold | undefined
  /** Ticks that wait for these spans, those of them that an import opened again, and ticks that had closed when they came. */
  readonly expected: ledgers.TickKey[]
  readonly reopened: ledgers.TickKey[]
  readonly late: ledgers.TickKey[]
  readonly stored: (inserted: Inserted) => void
  readonly refused: (error: unknown) => void
}

/** What one insert brings into the engine: the rows of several batches, one after the other. */
interface Group {
  readonly rows: RowBytes
  readonly waiting: Waiting[]
}

// Each insert makes a part that the engine must merge later, so small ones wait for company; exporters do not notice.
const insertEveryMs = 200
const enoughBytes = 8_000_000
const insertBytes = 32_000_000
// Memory of rows is used again: new buffers for each insert keep the garbage collector busier than the decoder.
const spareRows = 2
// Closing keeps one small state for each unit; this many spans need about 300 MB at most.
const closeSpans = 500_000
// A ClickHouse server takes a bound value of 128 KiB at most: http_max_field_value_size.
const ticksAtOnce = 1_000

/** Starts the way into the engine. */
export function startSpanIngest({
  engine,
  traces,
  ledger,
  watermarkMs,
  maxQueuedBytes,
  now,
  others,
}: SpanIngestOptions): SpanIngest {
  const queue: Group[] = []
  const spare: RowBytes[] = []
  let queuedBytes = 0
  // Those of the queue's groups, which nobody has begun to write.
  let waitingBytes = 0
  const sumUp = summingUp(engine)
  let lateSpans = 0
  let closedTicks = 0
  let failed: SpanIngestState['failed']
  let enough: (() => void) | undefined
  let writing: Promise<void> | undefined
  let writingBeside: Promise<void> | undefined
  let run: Promise<number> | undefined
  let next: Promise<number> | undefined
  let closing: { keys: ReadonlySet<string>; done: Promise<number> } | undefined

  const insert = (batch: SpanBatch, hold?: ledgers.Hold): Promise<Inserted> => {
    if (batch.spans === 0) return Promise.resolve({ late: 0 })
    if (queuedBytes > 0 && queuedBytes + batch.rows.length > maxQueuedBytes)
      throw new StoreError('busy', 'the store has more waiting than it may hold; send again later')
    engine.space?.refuse()
    queuedBytes += batch.rows.length
    waitingBytes += batch.rows.length
    const group = groupFor(batch)
    writeBytes(group.rows, batch.rows.bytes, 0, batch.rows.length)
    return new Promise((stored, refused) => {
      const waiting: Waiting = { hold, expected: [], reopened: [], late: [], stored, refused }
      sort(waiting, ticksOf(batch))
      group.waiting.push(waiting)
      writing ??= writeAll().finally(() => {
        writing = undefined
      })
      if (waitingBytes < enoughBytes) return
      if (enough) enough()
      // The engine takes one group at a time, and what it takes next is brought to it meanwhile.
      else
        writingBeside ??= write(nextGroup()!).finally(() => {
          writingBeside = undefined
        })
    })
  }

  const groupFor = ({ rows }: SpanBatch): Group => {
    const last = queue.at(-1)
    if (last && last.rows.length + rows.length <= insertBytes) return last
    const group = { rows: spare.pop() ?? newRowBytes(), waiting: [] }
    queue.push(group)
    return group
  }

  const writeAll = async (): Promise<void> => {
    for (let group = nextGroup(); group; group = nextGroup()) {
      const started = performance.now()
      await write(group)
      await company(insertEveryMs - (performance.now() - started))
    }
  }

  const nextGroup = (): Group | undefined => {
    const group = queue.shift()
    waitingBytes -= group?.rows.length ?? 0
    return group
  }

  const write = async (group: Group): Promise<void> => {
    await writeGroup(group)
    queuedBytes -= group.rows.length
    forget(group)
  }

  const forget = ({ rows }: Group): void => {
    rows.length = 0
    if (spare.length < spareRows && rows.bytes.length <= 2 * insertBytes) spare.push(rows)
  }

  const company = (waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (waitMs <= 0 || waitingBytes >= enoughBytes) return resolve()
      enough = () => {
        clearTimeout(timer)
        enough = undefined
        resolve()
      }
      const timer = setTimeout(enough, waitMs)
    })

  // What comes while its tick is open is counted, however long it waits for the engine.
  const sort = ({ expected, reopened, late, hold }: Waiting, keys: readonly ledgers.TickKey[]): void => {
    for (const key of keys) {
      const closed = ledgers.isClosed(ledger, key.service, key.tick)
      if (closed && !hold) late.push(key)
      else {
        if (closed) reopened.push(key)
        ledgers.expect(ledger, key, now(), hold)
        expected.push(key)
      }
    }
  }

  const writeGroup = async ({ rows, waiting: group }: Group): Promise<void> => {
    // A tick that is being closed must not grow meanwhile: a span would be both counted and called late.
    const isClosing = (key: ledgers.TickKey): boolean => closing?.keys.has(keyText(key)) ?? false
    if (closing && group.some(({ late, reopened }) => late.some(isClosing) || reopened.some(isClosing))) {
      await closing.done.catch(() => 0)
      for (const waiting of group) sort(waiting, waiting.late.splice(0))
    }
    const expected = group.flatMap((waiting) => waiting.expected)
    const reopened = group.flatMap((waiting) => waiting.reopened)
    const late = group.flatMap((waiting) => waiting.late)
    try {
      // Said before they grow, so that a crash in between leaves none that is neither open nor closed with all it has.
      for (const some of fewAtOnce(reopened)) await engine.write(reopenTicks, columnsOf(some))
      await engine.insertSpans(rows.bytes.subarray(0, rows.length), traces)
      failed = undefined
    } catch (error) {
      if (error instanceof StoreError) failed = { error, atMs: now() }
      for (const key of expected) ledgers.settle(ledger, key, false)
      for (const { refused } of group) refused(error)
      return
    }
    for (const key of expected) ledgers.settle(ledger, key, true)
    try {
      for (const some of fewAtOnce(late)) await engine.writeOnce(countLate, columnsOf(some))
      lateSpans += late.reduce((sum, { spans }) => sum + spans, 0)
      for (const waiting of group) waiting.stored({ late: waiting.late.reduce((sum, { spans }) => sum + spans, 0) })
    } catch (error) {
      for (const { refused } of group) refused(error)
    }
  }

  // A call while ticks are closing waits for what is due after them: an import must find its own closed.
  const closeDue = (): Promise<number> => {
    if (!run) {
      run = closePortions().finally(() => {
        run = undefined
      })
      return run
    }
    next ??= run
      .catch(() => 0)
      .then(() => {
        next = undefined
        return closeDue()
      })
    return next
  }

  const closePortions = async (): Promise<number> => {
    let closed = 0
    for (;;) {
      await others?.meet()
      const keys = portionOf(ledgers.dueTicks(ledger, now(), watermarkMs))
      // Looked at each time, so that what waits for room goes on when there is some.
      if (keys.length === 0) {
        await engine.space?.look()
        return closed
      }
      await engine.space?.need()
      ledgers.close(ledger, keys)
      const done = closeTogether(keys)
      closing = { keys: new Set(keys.map(keyText)), done }
      try {
        closed += await done
      } finally {
        closing = undefined
      }
    }
  }

  const closeTogether = async (keys: readonly ledgers.TickKey[]): Promise<number> => {
    const { services, ticks } = columnsOf(keys)
    const span = { services, ticks, from: Math.min(...ticks), to: Math.max(...ticks) + tickSeconds }
    try {
      const [time] = await engine.read<{ began: string }>(engineTime)
      const batch = await sumUp(span)
      await engine.write(commitTicks, { services, ticks, batch, began: time!.began })
      await engine.space?.held()
      closedTicks += keys.length
      return keys.length
    } catch (error) {
      ledgers.reopen(ledger, keys, now())
      throw error
    }
  }

  const drained = async (): Promise<void> => {
    await writing
    await writingBeside
    await run?.catch(() => 0)
    await next?.catch(() => 0)
  }

  const state = (): SpanIngestState => {
    const { ticks, oldestDueMs } = ledgers.waiting(ledger, watermarkMs)
    const overdueSeconds = oldestDueMs === undefined ? 0 : Math.max(0, (now() - oldestDueMs) / 1000)
    return {
      queuedBytes,
      lateSpans,
      closedTicks,
      openTicks: ticks,
      overdueSeconds,
      space: engine.space?.space(),
      failed,
    }
  }

  return { insert, closeDue, drained, state }
}

function ticksOf(batch: SpanBatch): ledgers.TickKey[] {
  const keys: ledgers.TickKey[] = []
  for (const [service, ticks] of batch.arrivals) for (const [tick, spans] of ticks) keys.push({ service, tick, spans })
  return keys
}

function columnsOf(keys: readonly ledgers.TickKey[]): { services: string[]; ticks: number[]; spans: number[] } {
  return {
    services: keys.map(({ service }) => service),
    ticks: keys.map(({ tick }) => tick),
    spans: keys.map(({ spans }) => spans),
  }
}

function* fewAtOnce(keys: readonly ledgers.TickKey[]): Generator<readonly ledgers.TickKey[]> {
  for (let at = 0; at < keys.length; at += ticksAtOnce) yield keys.slice(at, at + ticksAtOnce)
}

// The first ticks that together have few enough spans to be closed by one statement.
function portionOf(keys: readonly ledgers.TickKey[]): readonly ledgers.TickKey[] {
  let spans = 0
  const after = keys.findIndex((key, index) => {
    spans += key.spans
    return index === ticksAtOnce || spans > closeSpans
  })
  return after < 0 ? keys : keys.slice(0, Math.max(1, after))
}

const keyText = ({ service, tick }: ledgers.TickKey): string => `${tick} ${service}`

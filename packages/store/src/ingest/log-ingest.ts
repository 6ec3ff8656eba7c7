import type { Engine } from '../engine/engine.ts'
import type { Traces } from '../traces.ts'
import { type InsertQueueState, startInsertQueue, type Waiter } from './insert-queue.ts'
import type { LogLines } from './log-record.ts'

/** Inserts log records into the engine. */
export interface LogIngest {
  /** Stores records; resolves when the engine has them. Throws a StoreError of kind `busy` or `full` at once. */
  readonly insert: (records: LogLines) => Promise<void>
  readonly drained: () => Promise<void>
  readonly state: () => LogIngestState
}

/** The state of log ingest. `failed` says why the newest records were not stored, until an insert succeeds again. */
export interface LogIngestState {
  readonly queuedBytes: number
  readonly failed: InsertQueueState['failed']
}

interface LogIngestOptions {
  readonly engine: Engine
  /** The table of log records. */
  readonly logs: Traces
  readonly maxQueuedBytes: number
  readonly now: () => number
}

// JSON takes more memory than rows of spans, and the engine parses an insert in one piece.
const mostQueuedCharacters = 32_000_000
const insertCharacters = 8_000_000

/** Starts log ingest. */
export function startLogIngest({ engine, logs, maxQueuedBytes, now }: LogIngestOptions): LogIngest {
  const queue = startInsertQueue<string[], Waiter>({
    space: engine.space,
    name: 'log records',
    mostQueued: Math.min(maxQueuedBytes, mostQueuedCharacters),
    mostTogether: insertCharacters,
    enough: insertCharacters,
    newRows: () => [],
    write: ({ rows }) => engine.insertLogs(rows.join(''), logs),
    now,
  })
  return {
    insert: ({ text, count }) => {
      if (count === 0) return Promise.resolve()
      queue.admit(text.length)
      return new Promise((stored, refused) => {
        queue.push(text.length, (rows) => rows.push(text), { stored, refused })
      })
    },
    drained: queue.drained,
    state: () => ({ queuedBytes: queue.state().queued, failed: queue.state().failed }),
  }
}

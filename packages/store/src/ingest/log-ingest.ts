import type { Engine } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import type { Traces } from '../traces.ts'
import { type LogRecord, logLine } from './log-record.ts'

/** The way of log records into the engine: those that wait share an insert. */
export interface LogIngest {
  readonly insert: (records: readonly LogRecord[]) => Promise<void>
  readonly drained: () => Promise<void>
  readonly state: () => LogIngestState
}

/** How it is doing. `failed` says why the newest records were not stored, until some are again. */
export interface LogIngestState {
  readonly queuedBytes: number
  readonly failed: { readonly error: StoreError; readonly atMs: number } | undefined
}

interface LogIngestOptions {
  readonly engine: Engine
  /** The table that has the log records. */
  readonly logs: Traces
  readonly maxQueuedBytes: number
  readonly now: () => number
}

interface Waiting {
  readonly lines: string
  readonly stored: () => void
  readonly refused: (error: unknown) => void
}

// As for spans: each insert makes a part that the engine must merge later.
const insertEveryMs = 200
// Texts take more memory than rows of spans, and the engine parses an insert in one piece.
const mostQueuedCharacters = 32_000_000
const insertCharacters = 8_000_000

/** Starts the way into the engine. */
export function startLogIngest({ engine, logs, maxQueuedBytes, now }: LogIngestOptions): LogIngest {
  const most = Math.min(maxQueuedBytes, mostQueuedCharacters)
  let queue: Waiting[] = []
  let queued = 0
  let failed: LogIngestState['failed']
  let writing: Promise<void> | undefined

  const insert = (records: readonly LogRecord[]): Promise<void> => {
    if (records.length === 0) return Promise.resolve()
    const lines = records.map((record) => `${logLine(record)}\n`).join('')
    if (queued > 0 && queued + lines.length > most)
      throw new StoreError('busy', 'the store has more log records waiting than it may hold; send again later')
    engine.space?.refuse()
    queued += lines.length
    return new Promise((stored, refused) => {
      queue.push({ lines, stored, refused })
      writing ??= writeAll().finally(() => {
        writing = undefined
      })
    })
  }

  const writeAll = async (): Promise<void> => {
    while (queue.length > 0) {
      const started = performance.now()
      const group = nextGroup()
      await writeGroup(group)
      queued -= charactersOf(group)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, insertEveryMs - (performance.now() - started))))
    }
  }

  const nextGroup = (): readonly Waiting[] => {
    let characters = 0
    const after = queue.findIndex(({ lines }) => {
      characters += lines.length
      return characters > insertCharacters
    })
    const group = queue.slice(0, after < 0 ? queue.length : Math.max(1, after))
    queue = queue.slice(group.length)
    return group
  }

  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      await engine.insertLogs(group.map(({ lines }) => lines).join(''), logs)
      failed = undefined
      for (const { stored } of group) stored()
    } catch (error) {
      if (error instanceof StoreError) failed = { error, atMs: now() }
      for (const { refused } of group) refused(error)
    }
  }

  return {
    insert,
    drained: async () => {
      await writing
    },
    state: () => ({ queuedBytes: queued, failed }),
  }
}

const charactersOf = (group: readonly Waiting[]): number => group.reduce((sum, { lines }) => sum + lines.length, 0)

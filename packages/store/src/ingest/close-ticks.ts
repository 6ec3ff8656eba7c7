import type { Engine } from '../engine/engine.ts'
import { sinceOf, tickSeconds } from '../tick.ts'
import { commitTicks, engineTime } from './closing.ts'
import type { OtherServers } from './other-servers.ts'
import { summingUp } from './summing-up.ts'
import { columnsOf, mostTicksAtOnce } from './tick-columns.ts'
import { close, dueTicks, reopen, type TickKey, type TickLedger } from './tick-ledger.ts'

/** Closes ticks, one portion after another. */
export interface TickCloser {
  /**
   * Closes the ticks that are due and resolves to their number. A call during a run waits for the next run, so that an import
   * finds its own ticks closed.
   */
  readonly closeDue: () => Promise<number>
  /** If any of these ticks is being closed, waits for that. Resolves to whether there were any. */
  readonly waitFor: (keys: readonly TickKey[]) => Promise<boolean>
  /** Waits until no work is pending. */
  readonly drained: () => Promise<void>
  /** The number of ticks closed so far. */
  readonly closedTicks: () => number
}

interface TickCloserOptions {
  readonly engine: Engine
  readonly ledger: TickLedger
  readonly watermarkMs: number
  readonly now: () => number
  /** Set if other servers insert spans and close ticks too. */
  readonly others: OtherServers | undefined
}

// Closing keeps one small state for each unit; this many spans need about 300 MB at most.
const mostSpansAtOnce = 500_000

/** Creates a closer for the ticks of a ledger. */
export function newTickCloser({ engine, ledger, watermarkMs, now, others }: TickCloserOptions): TickCloser {
  const sumUp = summingUp(engine)
  let closedTicks = 0
  let run: Promise<number> | undefined
  let next: Promise<number> | undefined
  let closing: { keys: ReadonlySet<string>; done: Promise<number> } | undefined

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
      const keys = portionOf(dueTicks(ledger, now(), watermarkMs))
      // Checked each time, so that work waiting for space resumes once there is some.
      if (keys.length === 0) {
        await engine.space?.look()
        return closed
      }
      await engine.space?.need()
      close(ledger, keys)
      const done = closeTogether(keys)
      closing = { keys: new Set(keys.map(nameOf)), done }
      try {
        closed += await done
      } finally {
        closing = undefined
      }
    }
  }

  const closeTogether = async (keys: readonly TickKey[]): Promise<number> => {
    const { services, ticks } = columnsOf(keys)
    // For spans stored by others, only the earliest possible start is known.
    const since = Math.min(...keys.map((key) => (others ? sinceOf(key.tick) : key.since)))
    const window = { since, from: Math.min(...ticks), to: Math.max(...ticks) + tickSeconds }
    try {
      const [time] = await engine.readFirst<{ began: string }>(engineTime)
      const batch = await sumUp({ services, ticks, ...window })
      await engine.write(commitTicks, { services, ticks, batch, began: time!.began })
      await engine.space?.held()
      closedTicks += keys.length
      return keys.length
    } catch (error) {
      reopen(ledger, keys, now())
      throw error
    }
  }

  return {
    closeDue,
    waitFor: async (keys) => {
      if (!closing || !keys.some((key) => closing!.keys.has(nameOf(key)))) return false
      await closing.done.catch(() => 0)
      return true
    },
    drained: async () => {
      await run?.catch(() => 0)
      await next?.catch(() => 0)
    },
    closedTicks: () => closedTicks,
  }
}

// The first ticks that together have few enough spans to be closed by one statement.
function portionOf(keys: readonly TickKey[]): readonly TickKey[] {
  let spans = 0
  const after = keys.findIndex((key, index) => {
    spans += key.spans
    return index === mostTicksAtOnce || spans > mostSpansAtOnce
  })
  return after < 0 ? keys : keys.slice(0, Math.max(1, after))
}

const nameOf = ({ service, tick }: TickKey): string => `${tick} ${service}`

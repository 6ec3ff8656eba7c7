/** Work that is wanted from time to time: one run at a time, and another one after it if it was wanted meanwhile. */
export interface Pump {
  /** Runs the work after the given milliseconds at the latest; by default, at once. */
  readonly want: (afterMs?: number) => void
  readonly stop: () => void
}

/**
 * Creates a pump, which pauses for the given milliseconds between two runs. The work must handle its own errors.
 *
 * @example const pump = newPump(load, 1_000); pump.want()
 */
export function newPump(work: () => Promise<void>, restMs: number): Pump {
  let timer: ReturnType<typeof setTimeout> | undefined
  let dueMs = Number.POSITIVE_INFINITY
  let isRunning = false
  let isStopped = false

  const schedule = (afterMs: number): void => {
    const due = Date.now() + afterMs
    if (isStopped || due >= dueMs) return
    clearTimeout(timer)
    dueMs = due
    if (!isRunning) timer = setTimeout(run, afterMs)
  }

  const run = async (): Promise<void> => {
    dueMs = Number.POSITIVE_INFINITY
    isRunning = true
    try {
      await work()
    } finally {
      isRunning = false
      if (dueMs < Number.POSITIVE_INFINITY && !isStopped) timer = setTimeout(run, Math.max(restMs, dueMs - Date.now()))
    }
  }

  return {
    want: (afterMs = 0) => schedule(afterMs),
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

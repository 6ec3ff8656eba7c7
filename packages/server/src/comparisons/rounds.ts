/** When comparisons look: once ticks have closed, and every so often, since others may close them too. */
export interface Rounds {
  /** Ticks have closed: whoever waits looks now. */
  readonly begin: () => void
  /** The number of the round that has begun last. */
  readonly current: () => number
  /** Waits for a round after this one; settled at once when it is stopped, or such a round has begun meanwhile. */
  readonly after: (round: number, stop: AbortSignal) => Promise<void>
  readonly close: () => void
}

/** Rounds that begin so many milliseconds after each other, at most. `begins` is told of each before whoever waits. */
export function newRounds(everyMs: number, begins: () => void): Rounds {
  const waiting = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined

  let current = 0

  const begin = (): void => {
    current += 1
    clearTimeout(timer)
    timer = undefined
    begins()
    for (const wake of waiting) wake()
  }

  return {
    begin,
    current: () => current,
    after: async (round, stop) => {
      if (stop.aborted || current > round) return
      // Where nobody waits there is nothing to wake.
      timer ??= setTimeout(begin, everyMs)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          stop.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        stop.addEventListener('abort', wake)
      })
    },
    close: () => clearTimeout(timer),
  }
}

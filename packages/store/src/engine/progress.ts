import type { Connections } from './connections.ts'

/** How often a statement that runs is shown to those who wait for the store. */
const shownEveryMs = 500

/**
 * Connections that show when a statement begins, every half second while one runs, and when one ends: what waits for the
 * store can tell a process that works from one that hangs, or has nothing to do. `show` may fail: it is no part of the work.
 */
export function showingProgress(connections: Connections, show: () => void): Connections {
  let running = 0
  let timer: NodeJS.Timeout | undefined
  let last = Number.NEGATIVE_INFINITY

  const showNow = (): void => {
    last = performance.now()
    try {
      show()
    } catch {
      // Where the file is gone, nobody waits for it.
    }
  }

  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    running++
    if (performance.now() - last >= shownEveryMs) showNow()
    timer ??= setInterval(showNow, shownEveryMs).unref()
    try {
      return await work()
    } finally {
      running--
      if (running === 0) {
        clearInterval(timer)
        timer = undefined
      }
    }
  }

  return {
    ...connections,
    use: (kind, work) => during(() => connections.use(kind, work)),
  }
}

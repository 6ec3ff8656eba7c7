import type { Connections } from './connections.ts'

/** How often to signal a running statement to processes waiting for the store. */
const shownEveryMs = 500

/**
 * Connections that signal when a statement begins, every half second while one runs, and when one ends, so that a process
 * waiting for the store can tell a working process from one that hangs or is idle. `show` may fail without affecting the
 * work.
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
      // If the file is gone, nobody is waiting for it.
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

/** Asking again, at a distance that grows, until a server has been away for too long. */
export interface Retries {
  /** Told whenever the server is heard of: it is not away then. */
  readonly heard: () => void
  /** Waits before the next try; throws the error where the server has been away for too long. An abort ends the wait. */
  readonly wait: (error?: unknown) => Promise<void>
}

const [firstMs, longestMs] = [500, 5_000]

/** Retries for a server that may be away for so long. */
export function newRetries(patienceMs: number, signal: AbortSignal | undefined): Retries {
  let heardAt = performance.now()
  let pauseMs = firstMs
  return {
    heard: () => {
      heardAt = performance.now()
      pauseMs = firstMs
    },
    wait: async (error) => {
      if (error !== undefined && performance.now() - heardAt >= patienceMs) throw error
      // Many that lost the same server do not come back at the same moment.
      const ms = pauseMs * (0.5 + Math.random() / 2)
      pauseMs = Math.min(2 * pauseMs, longestMs)
      await new Promise<void>((resolve) => {
        if (signal?.aborted) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, ms)
        signal?.addEventListener('abort', done)
      })
    },
  }
}

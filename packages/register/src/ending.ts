import { isMainThread } from 'node:worker_threads'
import { type Destination, exportLast } from './last-export.ts'
import type { OpenRequests } from './open-requests.ts'
import { beforeSignalsEnd, repeatMs } from './signals.ts'
import { followMainThread, followThreads } from './threads.ts'
import type { Interlude } from './wait.ts'

/** What is exported when the process ends. */
export interface AtTheEnd {
  readonly destinations: readonly Destination[]
  readonly requests: OpenRequests
  /** Exports the spans that are queued. */
  readonly flush: () => Promise<void>
  /** Exports log records and metrics, where there are any; they cannot be exported without waiting. */
  readonly flushOthers: (() => Promise<unknown>) | undefined
  readonly timeoutMs: number
}

/**
 * Exports what is still queued before the process ends, however it ends, except by SIGKILL, `process.abort()` and being
 * out of memory. Of a process that ends by an exception, or by itself with another exit code than 0, the requests that
 * it was serving have failed, and are exported as such.
 */
export function exportAtTheEnd({ destinations, requests, flush, flushOthers, timeoutMs }: AtTheEnd): void {
  const threads = isMainThread ? followThreads() : undefined
  const bring = (): void => {
    requests.settleResource()
    flush().catch(() => undefined)
  }
  // What goes wrong in here must not change how the process ends.
  const sendLast = (fail?: () => void, interlude?: Interlude): void => {
    try {
      fail?.()
      const trouble = exportLast({ destinations, bring, threads, timeoutMs, interlude })
      if (trouble) complain(trouble)
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error))
    }
  }
  let error: unknown
  let isCrashing = false
  let hasSignal = false
  process.on('uncaughtExceptionMonitor', (uncaught) => {
    error = uncaught
    isCrashing = true
    // Later than this it did not end the process: the application has a handler for it.
    setImmediate(() => {
      isCrashing = false
    }).unref()
  })
  process.on('exit', (code) => {
    // Told to end, it ends with whatever code it likes; streams that are still open are no failures then.
    sendLast(() => {
      if (isCrashing || (code !== 0 && !hasSignal)) requests.fail(error)
    })
  })
  if (flushOthers) flushBeforeExit(flushOthers, timeoutMs)
  if (!isMainThread) {
    followMainThread(flush)
    return
  }
  beforeSignalsEnd({
    arrived: () => {
      hasSignal = true
    },
    beforeDefault: (_, letEnd) => {
      if (!flushOthers) return sendLast(undefined, { afterMs: repeatMs, run: letEnd })
      return within(timeoutMs, flushOthers()).then(() => sendLast())
    },
  })
}

function complain(trouble: string): void {
  process.stderr.write(`@coalmine/register: the last spans could not be exported: ${trouble}\n`)
}

function flushBeforeExit(flushOthers: () => Promise<unknown>, timeoutMs: number): void {
  process.once('beforeExit', () => {
    // What others begin in this event is not cut short.
    const isAlone = process.listenerCount('beforeExit') === 0
    within(timeoutMs, flushOthers()).then((isThrough) => {
      if (!isThrough && isAlone) process.exit()
    })
  })
}

/** Whether it was through in time, well or not. */
function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs)
    work
      .catch(() => undefined)
      .then(() => {
        clearTimeout(timer)
        resolve(true)
      })
  })
}

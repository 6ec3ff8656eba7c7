import { isMainThread } from 'node:worker_threads'

const fatal = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'] as const

/**
 * Gives signals that end a process their default actions back. The engine (26.7) takes them when it opens, to write a
 * report; where Node has run out of memory its handler waits for minutes for what will not come, and whoever supervises
 * the process sees it alive. Called again each time the engine is opened.
 */
export function restoreFatalSignals(): void {
  if (!isMainThread) return
  for (const signal of fatal) {
    // Node sets the default action when nobody listens any more.
    const listener = (): void => {}
    process.on(signal, listener)
    process.off(signal, listener)
  }
}

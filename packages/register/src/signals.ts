/** The signals that end a process unless it listens to them. */
const endingSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

/** A signal whose default action ends the process. */
export type EndingSignal = (typeof endingSignals)[number]

/** The process, of whose events Node's types know only what they are for. */
interface Emitter {
  emit?(event: string, ...values: unknown[]): boolean
}

/** What happens when a signal comes. */
export interface SignalActions {
  /** It came, whoever listens. */
  readonly arrived: () => void
  /**
   * Nobody listens: its default action ends the process when this returns. Whoever does not return to the event loop before
   * `repeatMs` are over calls `letEnd` then.
   */
  readonly beforeDefault: (signal: EndingSignal, letEnd: () => void) => void | Promise<void>
}

/**
 * A signal that comes twice within this time was sent twice by a tool, as nodemon does, and not by somebody who cannot wait.
 */
export const repeatMs = 150

/**
 * Does something before a signal that the application does not listen to ends the process, which then dies by that
 * signal, as it would have. Whether the application listens is what Node says when the signal comes: nothing is added to
 * its listeners, so whoever counts those, as `signal-exit` does, finds its own. When `beforeDefault` has run for
 * `repeatMs`, the default action is back in place: a second signal then ends the process at once.
 */
export function beforeSignalsEnd({ arrived, beforeDefault }: SignalActions): void {
  const emitter = process as unknown as Emitter
  const watched = new Set<EndingSignal>()
  const noListener = (): void => undefined

  const watch = (signal: EndingSignal): void => {
    // Node starts to watch a signal when its first listener is announced, with the process.emit of that moment.
    const listeners = process.rawListeners(signal) as (() => void)[]
    for (const listener of listeners) process.off(signal, listener)
    const hasOwn = Object.hasOwn(emitter, 'emit')
    const emit = emitter.emit!
    emitter.emit = (...event) => {
      arrived()
      // Looked up now: others put their own in its place.
      if (!emitter.emit!(...event)) void end(signal)
      return true
    }
    try {
      emit.call(process, 'newListener', signal, noListener)
    } finally {
      if (hasOwn) emitter.emit = emit
      else delete emitter.emit
    }
    for (const listener of listeners) process.on(signal, listener)
    watched.add(signal)
  }

  const ending = new Set<EndingSignal>()
  const end = async (signal: EndingSignal): Promise<void> => {
    if (ending.has(signal)) return
    ending.add(signal)
    watched.delete(signal)
    // With no listener left, Node stops to watch: from here on the signal ends the process by itself.
    const letEnd = (): void => {
      if (ending.delete(signal)) emitter.emit!('removeListener', signal, noListener)
    }
    const timer = setTimeout(letEnd, repeatMs)
    // Awaited only when there is something to await: otherwise the process ends in this very turn.
    const before = beforeDefault(signal, letEnd)
    if (before) await before
    clearTimeout(timer)
    letEnd()
    process.kill(process.pid, signal)
    // The first process of a container outlives the default action of a signal, with and without us.
    setImmediate(() => watch(signal))
  }

  process.on('removeListener', (event: string | symbol) => {
    const signal = endingSignals.find((each) => each === event)
    if (signal && watched.has(signal) && process.listenerCount(signal) === 0) {
      watched.delete(signal)
      watch(signal)
    }
  })
  if (process.platform === 'win32') watch('SIGINT')
  else for (const signal of endingSignals) watch(signal)
}

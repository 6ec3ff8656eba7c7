import type { Readable } from 'node:stream'

/** Watches whether a stream still delivers data. */
interface Silence {
  /** The stream, passed through. */
  readonly heard: (stream: Readable) => Readable
  readonly end: () => void
}

/**
 * Calls `onSilence` when nothing has arrived for a given time, once until something arrives again. An import holds ticks open that
 * others need too: a sender that hangs must not delay their verdicts.
 */
export function watchSilence(silenceMs: number, onSilence: () => void): Silence {
  let timer = setTimeout(onSilence, silenceMs)
  return {
    heard: (stream) => {
      stream.on('readable', () => {
        clearTimeout(timer)
        timer = setTimeout(onSilence, silenceMs)
      })
      return stream
    },
    end: () => clearTimeout(timer),
  }
}

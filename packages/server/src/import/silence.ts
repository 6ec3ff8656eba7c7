import type { Readable } from 'node:stream'

/** Watches whether a stream still brings something. */
interface Silence {
  /** The stream, which is listened to. */
  readonly heard: (stream: Readable) => Readable
  readonly end: () => void
}

/**
 * Calls `onSilence` whenever nothing has come for so long, once until something comes again. The ticks that an import holds
 * open belong to others too: a sender that hangs must not keep their verdicts from them.
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

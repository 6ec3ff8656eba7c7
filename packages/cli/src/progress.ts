import { printable } from '@coalmine/report'
import type { Io } from './io.ts'

const betweenLinesMs = 30_000

/** Shows progress: on a terminal in one line that is overwritten, in a log as an occasional new line. */
export function progressTo(
  stderr: Io['stderr'],
  everyMs: number = betweenLinesMs,
): { show(line: string): void; clear(): void } {
  let last = Number.NEGATIVE_INFINITY
  return {
    show(line) {
      if (stderr.isTTY) stderr.write(`\r\x1b[K${printable(line)}`)
      else if (performance.now() - last >= everyMs) {
        last = performance.now()
        stderr.write(`${printable(line)}\n`)
      }
    },
    clear() {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}

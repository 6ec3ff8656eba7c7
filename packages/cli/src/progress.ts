import { printable } from '@coalmine/report'
import type { Io } from './io.ts'

const betweenLinesMs = 30_000

/** A line that is written over itself on a terminal, and now and then a line of its own in a log. */
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

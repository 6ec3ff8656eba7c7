import { printable } from '@coalmine/report/printable'
import type { Io } from './io.ts'

const betweenLinesMs = 30_000
// What runs jobs ends those that print nothing for long.
const repeatedAfter = 10

/**
 * Shows progress: on a terminal in one line that is overwritten, in a log as an occasional new line, which is repeated rarely while
 * nothing changes.
 */
export function progressTo(
  stderr: Io['stderr'],
  everyMs: number = betweenLinesMs,
): { show(line: string): void; clear(): void } {
  let last = Number.NEGATIVE_INFINITY
  let shown = ''
  return {
    show(line) {
      if (stderr.isTTY) stderr.write(`\r\x1b[K${printable(line)}`)
      else if (performance.now() - last >= (line === shown ? repeatedAfter * everyMs : everyMs)) {
        last = performance.now()
        shown = line
        stderr.write(`${printable(line)}\n`)
      }
    },
    clear() {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}

import type { Readable, Writable } from 'node:stream'
import { printableLines } from '@coalmine/report'

/** What a command may touch of the world; `run` takes it from the process. */
export interface Io {
  readonly stdin: Readable
  /** A terminal has a number of columns. */
  readonly stdout: Writable & { readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly colors: boolean
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal
}

/** Says something beside the report, on standard error: it may hold text from outside, which is shown as what it is. */
export function tell({ stderr }: Pick<Io, 'stderr'>, message: string): void {
  stderr.write(`coalmine: ${printableLines(message)}\n`)
}

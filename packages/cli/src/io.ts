import type { Readable, Writable } from 'node:stream'
import { printableLines } from '@coalmine/report/printable'

/** A command's access to the outside world; `run` takes it from the process. */
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

/** Writes a message to standard error, apart from the report. Untrusted text in it is escaped. */
export function tell({ stderr }: Pick<Io, 'stderr'>, message: string): void {
  stderr.write(`coalmine: ${printableLines(message)}\n`)
}

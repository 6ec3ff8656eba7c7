import type { Readable, Writable } from 'node:stream'

/** What a command may touch of the world; `run` takes it from the process. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly colors: boolean
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal
}

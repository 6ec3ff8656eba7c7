import type { Readable } from 'node:stream'
import { ask as askServer, CoalmineError, type ServerAddress } from '@coalmine/client'
import { CommandError } from './exit-codes.ts'
import { upload } from './upload.ts'

/** A running server and the token it requires. */
export interface Server extends ServerAddress {
  /** True if it was started for this command and is closed after it. */
  readonly own?: boolean
}

/** Requests a route and checks the answer with `isAnswer`. A refusal is thrown as the error to show the user. */
export async function ask<T extends object>(
  server: Server,
  path: string,
  isAnswer: (answer: object) => answer is T,
  request: { readonly body?: unknown; readonly stream?: Readable; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const { body, stream, signal } = request
  const sent = stream && {
    method: 'POST' as const,
    headers: { 'content-type': 'application/octet-stream' },
    send: (url: string, { headers }: RequestInit) =>
      upload({ url, headers: headers as Record<string, string>, stream, signal }),
  }
  return askServer(server, path, isAnswer, { body, signal, ...sent }).catch((error: unknown) => {
    throw commandError(error)
  })
}

/** Converts a client's error to a command's. */
export function commandError(error: unknown): unknown {
  return error instanceof CoalmineError ? new CommandError(error.kind, error.message) : error
}

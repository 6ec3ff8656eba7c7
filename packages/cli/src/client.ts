import type { Readable } from 'node:stream'
import { ask as askServer, CoalmineError, type ServerAddress } from '@coalmine/client'
import { CommandError } from './exit-codes.ts'
import { upload } from './upload.ts'

/** A running server and what it asks for. */
export interface Server extends ServerAddress {
  /** It was started for this command, and goes when that is done. */
  readonly own?: boolean
}

/** Asks a server's route for what `isAnswer` knows; a refusal comes back as the error that the user is shown. */
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

/** A client's error as that of a command. */
export function commandError(error: unknown): unknown {
  return error instanceof CoalmineError ? new CommandError(error.kind, error.message) : error
}

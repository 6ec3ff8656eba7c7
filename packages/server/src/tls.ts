import { createSecureContext } from 'node:tls'
import { ServerError } from './errors.ts'

/** A certificate and its key, PEM. */
export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Throws a ServerError of kind `usage` if the two are not a certificate and its key. */
export function checkTls(tls: TlsFiles): void {
  try {
    createSecureContext(tls)
  } catch (cause) {
    throw new ServerError(
      'usage',
      `the TLS files are not a certificate and its key in PEM: ${(cause as Error).message}`,
      { cause },
    )
  }
}

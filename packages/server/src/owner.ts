import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A server that has a store's directory open: where it listens, and the token it requires. */
export interface Owner {
  readonly url: string
  readonly pid: number
  readonly token?: string
  /** The URL at which browsers reach it, if different. */
  readonly baseUrl?: string
}

const healthTimeoutMs = 2_000

/**
 * Finds the server that owns a store's directory, by the address it left there; undefined if there is none, or if
 * the address is stale.
 *
 * @example await findServer('.coalmine') // { url: 'http://127.0.0.1:4318', pid: 4711 }
 */
export async function findServer(directory: string): Promise<Owner | undefined> {
  const owner = await readOwner(directory)
  if (!owner) return undefined
  try {
    const response = await fetch(new URL('/healthz', owner.url), { signal: AbortSignal.timeout(healthTimeoutMs) })
    const { pid } = (await response.json()) as { pid?: unknown }
    return response.ok && pid === owner.pid ? owner : undefined
  } catch {
    return undefined
  }
}

/** Writes a server's address into its directory, readable only by this user since it may contain a token. */
export async function leaveAddress(directory: string, owner: Owner): Promise<void> {
  const file = addressFile(directory)
  await rm(file, { force: true })
  await writeFile(file, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
}

/** Removes the address. */
export async function removeAddress(directory: string): Promise<void> {
  await rm(addressFile(directory), { force: true })
}

async function readOwner(directory: string): Promise<Owner | undefined> {
  try {
    const { url, pid, token, baseUrl } = JSON.parse(await readFile(addressFile(directory), 'utf8')) as Partial<Owner>
    if (typeof url !== 'string' || typeof pid !== 'number') return undefined
    return {
      url,
      pid,
      ...(typeof token === 'string' && { token }),
      ...(typeof baseUrl === 'string' && { baseUrl }),
    }
  } catch {
    return undefined
  }
}

const addressFile = (directory: string): string => join(directory, 'server.json')

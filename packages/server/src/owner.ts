import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A server that has a store's directory open: where it listens, and what it asks for. */
export interface Owner {
  readonly url: string
  readonly pid: number
  readonly token?: string
  /** Where browsers reach it, when that is another place. */
  readonly baseUrl?: string
}

const healthTimeoutMs = 2_000

/**
 * Finds the server that owns a store's directory, by the address it left there; undefined when there is none, or when
 * what it left is stale.
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

/** Leaves a server's address in its directory, for this user's eyes alone: it may hold a token. */
export async function leaveAddress(directory: string, owner: Owner): Promise<void> {
  const file = addressFile(directory)
  await rm(file, { force: true })
  await writeFile(file, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
}

/** Takes the address away again. */
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

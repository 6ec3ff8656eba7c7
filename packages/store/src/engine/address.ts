import { StoreError } from '../errors.ts'

/** The parsed address of a ClickHouse server. */
export interface Address {
  /** For the client, without a trailing slash. */
  readonly url: string
  /** For people: without the password. */
  readonly shown: string
  readonly host: string
  readonly user: string
  readonly database: string
}

/**
 * Reads `https://user:password@host:8443/database`.
 *
 * Throws a StoreError of kind `usage` for any other text.
 *
 * @example parseAddress('http://reader:secret@ch:8123/shop').shown // 'http://reader@ch:8123/shop'
 */
export function parseAddress(text: string): Address {
  const found = URL.parse(text)
  if (!found)
    throw new StoreError(
      'usage',
      `store ${shown(text)}: not a URL; give https://user:password@host:8443/database, with any of :/?#@ in the password percent-encoded`,
    )
  const { protocol, searchParams, pathname, host, username } = found
  const where = shown(text)
  if (!/^https?:$/.test(protocol))
    throw new StoreError(
      'usage',
      `store ${where}: ClickHouse is spoken to over HTTP; give http://host:8123/database or https://host:8443/database`,
    )
  const [unknown] = searchParams.keys()
  if (unknown !== undefined || found.hash)
    throw new StoreError('usage', `store ${where}: leave out ${unknown ?? found.hash}, nothing follows the database`)
  const database = decoded(pathname.replace(/^\/|\/$/g, ''))
  if (database.includes('/'))
    throw new StoreError('usage', `store ${where}: expected the name of one database after the host, got ${pathname}`)
  found.pathname = ''
  return { url: found.href, shown: where, host, user: decoded(username) || 'default', database: database || 'default' }
}

/**
 * A store's location as messages show it: without a password.
 *
 * @example shown('https://reader:secret@ch:8443/shop') // 'https://reader@ch:8443/shop'
 */
export function shown(location: string): string {
  if (!isRemote(location)) return location
  const found = URL.parse(location)
  if (!found) return location.replace(/^(\w+:\/\/[^:/@]*):.*@/, '$1@')
  found.password = ''
  return found.href
}

/** Whether a store's location is a server, not a directory. */
export const isRemote = (location: string): boolean => /^\w+:\/\//.test(location)

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

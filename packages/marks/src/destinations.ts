import { sayOnce } from './say-once.ts'

/** Where an outgoing request goes. */
export interface Destination {
  readonly name: string
  readonly port: string
}

/** The part of a request that says where it goes. */
interface Outgoing {
  readonly method?: string | undefined
  readonly path?: string | undefined
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/**
 * Returns where a request ends up. A request to a forward proxy names its destination in its path; what asks a proxy for a
 * tunnel ends at the proxy, so it goes nowhere that marks are meant for.
 *
 * @param connected the origin that the request is sent to, such as `http://inventory:8080`
 * @example destinationOf({ path: 'http://inventory/cart' }, 'http://proxy:3128') // { name: 'inventory', port: '80' }
 */
export function destinationOf({ method, path }: Outgoing, connected: string): Destination | undefined {
  if (method === 'CONNECT') return undefined
  const url = path !== undefined && /^https?:\/\//i.test(path) ? path : connected
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port } = new URL(url)
  return { name: hostname.replace(/\.$/, ''), port: port || (defaultPorts[protocol] ?? '') }
}

/**
 * Makes a filter from a list of hosts. An entry that can match no host is reported once.
 *
 * @example hostFilter(['inventory:8080'])({ name: 'inventory', port: '8080' }) // true
 */
export function hostFilter(allowed: readonly string[]): (to: Destination) => boolean {
  const entries = allowed.flatMap(parsed)
  return ({ name, port }) =>
    entries.some(
      (entry) =>
        (entry.port === '' || entry.port === port) &&
        (entry.name.startsWith('.') ? name.endsWith(entry.name) || name === entry.name.slice(1) : entry.name === name),
    )
}

function parsed(text: string): Destination[] {
  const entry = text.trim().toLowerCase()
  if (entry === '' || entry === '.') return []
  // A URL is what other settings take.
  const url = entry.includes('://') ? entry : `any://${entry.replace(/^\./, '')}`
  const { hostname = '', port = '', protocol = '' } = URL.canParse(url) ? new URL(url) : {}
  if (!/^[a-z0-9._-]+$|^\[.*\]$/.test(hostname)) {
    sayOnce(`marks are not sent to "${text}": expected a host, such as inventory, inventory:8080 or .internal.example`)
    return []
  }
  const name = hostname.replace(/\.$/, '')
  return [{ name: entry.startsWith('.') ? `.${name}` : name, port: port || (defaultPorts[protocol] ?? '') }]
}

import { closest } from '../policy/closest.ts'

const shownServices = 10
const longestName = 100

/**
 * The message for a service without spans in the store: suggests the intended one, and lists those that exist.
 *
 * @param seen the services with spans in the store.
 * @example noSuchService('shpo', ['shop', 'cart']) // 'no spans of service "shpo"; did you mean shop? The store has seen: shop, cart.'
 */
export function noSuchService(service: string, seen: readonly string[]): string {
  const none = `no spans of service "${cut(service)}"`
  if (seen.length === 0) return `${none}. The store has seen no services yet.`
  const meant = closest(service, seen)
  return `${none}${meant === undefined ? '.' : `; did you mean ${cut(meant)}?`} The store has seen: ${someOf(seen)}.`
}

/** The first ten of some names, each of at most a hundred characters, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const more = names.length - shownServices
  return `${names.slice(0, shownServices).map(cut).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const cut = (name: string): string => (name.length > longestName ? `${name.slice(0, longestName)}...` : name)

import { closest } from '../policy/closest.ts'

const shownServices = 10

/**
 * What to say of a service that a store has no spans of: the one that was meant, and those that there are.
 *
 * @param seen the services that the store has spans of.
 * @example noSuchService('shpo', ['shop', 'cart']) // 'no spans of service "shpo"; did you mean shop? The store has seen: shop, cart.'
 */
export function noSuchService(service: string, seen: readonly string[]): string {
  const none = `no spans of service "${service}"`
  if (seen.length === 0) return `${none}. The store has seen no services yet.`
  const more = seen.length - shownServices
  const list = `${seen.slice(0, shownServices).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const meant = closest(service, seen)
  return `${none}${meant === undefined ? '.' : `; did you mean ${meant}?`} The store has seen: ${list}.`
}

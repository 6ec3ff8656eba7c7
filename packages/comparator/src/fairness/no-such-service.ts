import { closest } from '../policy/closest.ts'

const shownServices = 10

/**
 * The message for a service without spans in the store: suggests the intended one, and lists those that exist.
 *
 * @param seen the services with spans in the store.
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

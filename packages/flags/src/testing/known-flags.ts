/** The flags that tests may set: a list of keys, or an object with these keys, such as a provider's configuration. */
export type KnownFlags = readonly string[] | Readonly<Record<string, unknown>>

const known = new Set<string>()

/**
 * Adds to the known flags.
 *
 * @example addKnownFlags(['free-shipping']) // withFlags({ 'free-shipping': true }, ...) is allowed
 */
export function addKnownFlags(flags: KnownFlags): void {
  for (const key of Array.isArray(flags) ? flags : Object.keys(flags)) known.add(key)
}

/**
 * Throws an error that lists the known flags if one is unknown.
 *
 * @example checkKnown(['fre-shipping']) // throws Error: unknown flag "fre-shipping": the known ones are free-shipping
 */
export function checkKnown(keys: readonly string[]): void {
  const unknown = keys.filter((key) => !known.has(key)).map((key) => `"${key}"`)
  if (unknown.length === 0) return
  const flags = `unknown flag${unknown.length > 1 ? 's' : ''} ${unknown.join(', ')}`
  throw new Error(
    known.size === 0
      ? `${flags}: no flags are known yet; pass their keys to flagFunction() or flagProvider()`
      : `${flags}: the known ones are ${[...known].sort().join(', ')}`,
  )
}

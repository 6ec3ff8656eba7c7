// An item is held back for at most this long.
const pauseMs = 20

/**
 * The items of a source in groups: of about a given number of bytes while items arrive fast, and of those that are there when they do
 * not. If the source fails, the items before the failure still come first.
 */
export async function* grouped<T extends Uint8Array>(source: AsyncIterable<T>, mostBytes: number): AsyncGenerator<T[]> {
  const items = source[Symbol.asyncIterator]()
  const take = (): Promise<Taken<T>> =>
    items.next().then(
      ({ value, done }) => (done ? { kind: 'end' } : { kind: 'item', item: value }),
      (error: unknown) => ({ kind: 'error', error }),
    )
  let group: T[] = []
  let bytes = 0
  let next = take()
  for (;;) {
    const taken = group.length === 0 ? await next : await within(next)
    if (taken?.kind === 'item') {
      group.push(taken.item)
      bytes += taken.item.length
      next = take()
      if (bytes < mostBytes) continue
    }
    if (group.length > 0) yield group
    if (taken?.kind === 'error') throw taken.error
    if (taken?.kind === 'end') return
    group = []
    bytes = 0
  }
}

/** The number of bytes. */
export const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0)

/** Copies all of them into newly allocated memory. */
export function joined(
  parts: readonly Uint8Array[],
  memoryFor: (bytes: number) => Uint8Array = Buffer.allocUnsafeSlow,
): Uint8Array {
  const all = memoryFor(lengthOf(parts))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

type Taken<T> =
  | { readonly kind: 'item'; readonly item: T }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'end' }

/** The next item if it arrives before the pause is over. */
function within<T>(next: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMs, undefined)
    void next.then((taken) => {
      clearTimeout(timer)
      resolve(taken)
    })
  })
}

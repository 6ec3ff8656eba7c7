import type { Store } from '@coalmine/store'
import { changed, type Held, isRunning } from './held.ts'
import type { RunEvent, Told } from './state.ts'

/** The events of a comparison after a number that are kept, and then each as it happens, until it is over or nobody listens any more. */
export async function* followed(
  one: Held,
  { comparisons }: Pick<Store, 'comparisons'>,
  { after, stop, closing }: { readonly after: number; readonly stop: AbortSignal; readonly closing: AbortSignal },
): AsyncGenerator<RunEvent> {
  let last = after
  // What happened before the server was started again is in the store alone.
  const first = one.events[0]?.number ?? Number.POSITIVE_INFINITY
  if (last + 1 < first) {
    for (const { number, atMs, told } of await comparisons.of(one.state.id, last)) {
      if (number >= first) break
      yield { number, at: new Date(atMs).toISOString(), told: JSON.parse(told) as Told }
      last = number
    }
  }
  for (;;) {
    const next = one.events.filter(({ number }) => number > last)
    for (const event of next) yield event
    last = next.at(-1)?.number ?? last
    if (next.length > 0) continue
    if (stop.aborted || !isRunning(one) || closing.aborted) return
    await changed(one, stop)
  }
}

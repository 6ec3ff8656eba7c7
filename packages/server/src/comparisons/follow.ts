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
  for (;;) {
    const { letGo } = one
    if (last < letGo) {
      // From before a restart, or the client reads so slowly that they are no longer held.
      for (const { number, atMs, told } of await comparisons.of(one.state.id, last)) {
        if (number > letGo) break
        yield { number, at: new Date(atMs).toISOString(), told: JSON.parse(told) as Told }
      }
      last = letGo
      continue
    }
    const next = one.events.filter(({ number }) => number > last)
    for (const event of next) yield event
    last = next.at(-1)?.number ?? last
    if (next.length > 0) continue
    if (stop.aborted || !isRunning(one) || closing.aborted) return
    await changed(one, stop)
  }
}

import { type Context, propagation } from '@opentelemetry/api'
import { sayOnce } from './say-once.ts'

/**
 * Removes our entries from a Context's baggage if no MarkPropagator did so when the request arrived. The SDK's propagator
 * would send them to every host, including markers of test traffic. The Context is already in use, so the baggage is modified
 * in place; if that fails, it warns once.
 *
 * @example stripBaggage(parent) // the parent Context of a request's first span
 */
export function stripBaggage(context: Context): void {
  const baggage = propagation.getBaggage(context)
  if (!baggage) return
  for (const [key] of baggage.getAllEntries()) {
    if (!key.startsWith('coalmine.')) continue
    // A private field of the API's only implementation, there since its first release.
    const entries = (baggage as unknown as { readonly _entries?: unknown })._entries
    if (entries instanceof Map) entries.delete(key)
    if (baggage.getEntry(key) === undefined) continue
    sayOnce(
      'incoming test markers and marks are passed on as baggage to every host that this service calls: put a MarkPropagator after the W3CBaggagePropagator, and name the hosts with sendMarks',
    )
    return
  }
}

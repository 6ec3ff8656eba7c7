import { type Context, propagation } from '@opentelemetry/api'
import { sayOnce } from './say-once.ts'

/**
 * Takes our entries out of the baggage of a Context, where no MarkPropagator did it as the request came in: the SDK's own
 * propagator sends what it read to every host, markers of test traffic too. The Context is in use by then, so it is done in the
 * baggage itself; where that cannot be, it is said once.
 *
 * @example stripBaggage(parent) // of the first span of a request
 */
export function stripBaggage(context: Context): void {
  const baggage = propagation.getBaggage(context)
  if (!baggage) return
  for (const [key] of baggage.getAllEntries()) {
    if (!key.startsWith('coalmine.')) continue
    // Private to the API's only implementation, which has had it since its first release.
    const entries = (baggage as unknown as { readonly _entries?: unknown })._entries
    if (entries instanceof Map) entries.delete(key)
    if (baggage.getEntry(key) === undefined) continue
    sayOnce(
      'incoming test markers and marks are passed on as baggage to every host that this service calls: put a MarkPropagator after the W3CBaggagePropagator, and name the hosts with sendMarks',
    )
    return
  }
}

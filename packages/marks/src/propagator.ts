import { type Context, propagation, type TextMapGetter, type TextMapPropagator } from '@opentelemetry/api'
import { receiveBaggage } from './baggage.ts'
import { contextWithMarks, newMarks } from './marks.ts'
import { sayOnce } from './say-once.ts'

/**
 * Gives every inbound request its own Marks before its first span starts, and reads into them the marks that the
 * caller sent as W3C baggage. It sends nothing itself: an injector does not know which host its carrier goes to, so
 * that is `sendMarks`. Put it after any W3CBaggagePropagator, from whose baggage it takes our entries out again.
 *
 * @example new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new MarkPropagator()] })
 */
export class MarkPropagator implements TextMapPropagator {
  readonly #trust: (carrier: unknown) => boolean

  /** `trust` says whether to believe a request's marks, from its headers. The default believes none. */
  constructor(options: { readonly trust?: (carrier: unknown) => boolean } = {}) {
    this.#trust = options.trust ?? (() => false)
  }

  inject(): void {}

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const marks = newMarks()
    try {
      const header = getter.get(carrier, 'baggage')
      receiveBaggage(marks, Array.isArray(header) ? header.join(',') : header, { trusted: this.#trust(carrier) })
    } catch (error) {
      sayOnce("reading a request's marks failed, it goes on without them", error)
    }
    return contextWithMarks(withoutOurEntries(context), marks)
  }

  fields(): string[] {
    return ['baggage']
  }
}

/** What stays in the OpenTelemetry baggage would be sent to every host, by the propagator that put it there. */
function withoutOurEntries(context: Context): Context {
  const baggage = propagation.getBaggage(context)
  const ours = baggage?.getAllEntries().flatMap(([key]) => (key.startsWith('coalmine.') ? [key] : []))
  if (!baggage || !ours || ours.length === 0) return context
  return propagation.setBaggage(context, baggage.removeEntries(...ours))
}

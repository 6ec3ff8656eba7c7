import {
  type Context,
  context as currentContext,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { TEST_HEADER } from './attributes.ts'
import { endWithResponse } from './ending.ts'
import { newMarks } from './marks.ts'
import { receiveMarks } from './receive.ts'
import { sayOnce } from './say-once.ts'
import { arrivingWith, beginArriving, watchServerResponses } from './server-responses.ts'
import { checkSigningKeys, type MarkerTrust } from './signature.ts'
import { contextWithWork, newWork, type Work, workOfContext } from './work.ts'

/**
 * Gives every incoming request its own Marks before its first span starts, and reads the marks that the caller sent: W3C
 * baggage, and signed markers of test traffic. The marks end with the response or, without one, with the first span. Put it
 * after any W3CBaggagePropagator, because it removes Coalmine's entries from the baggage. It does not send marks, because a
 * propagator does not know the destination host: use `sendMarks` for that.
 *
 * @example new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new MarkPropagator()] })
 */
export class MarkPropagator implements TextMapPropagator {
  readonly #trust: (carrier: unknown) => boolean
  readonly #markers: MarkerTrust | undefined

  /**
   * `trust` decides from the headers whether to believe a request's marks. `markers` says which signed test markers to
   * believe, whoever sends them. By default none are believed. Throws an Error if there are no keys or two share an id.
   */
  constructor(options: { readonly trust?: (carrier: unknown) => boolean; readonly markers?: MarkerTrust } = {}) {
    this.#trust = options.trust ?? (() => false)
    const { markers } = options
    // `markers` without keys may still say which runs of trusted callers are revoked.
    if (markers && (markers.keys.length > 0 || !markers.isRevoked)) checkSigningKeys(markers.keys, 'markers.keys')
    this.#markers = options.markers
    watchServerResponses()
  }

  inject(): void {}

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const arriving = arrivingWith(carrier)
    const work = (arriving?.work && begunAround(arriving.work)) ?? newWork(newMarks())
    const { marks } = work
    beginArriving(work)
    try {
      // A promise is truthy.
      const trusted = this.#trust(carrier) === true
      // Most requests carry no marks.
      if (trusted || saysAnything(getter, carrier)) {
        const header = (name: string): string | undefined => {
          const value = getter.get(carrier, name)
          return Array.isArray(value) ? value.join(',') : value
        }
        receiveMarks(marks, header, { trusted, markers: this.#markers })
      }
      marks.received = true
    } catch (error) {
      sayOnce("an incoming request's marks could not be read; it goes on without them", error)
    }
    if (arriving) {
      marks.decided = true
      endWithResponse(work, arriving.response)
    }
    return contextWithWork(withoutOurEntries(context), work)
  }

  fields(): string[] {
    return ['baggage']
  }
}

/** The work that an outer instrumentation has already begun for the same request. */
function begunAround(work: Work): Work | undefined {
  return !work.over && workOfContext(currentContext.active()) === work ? work : undefined
}

function saysAnything(getter: TextMapGetter, carrier: unknown): boolean {
  return getter.get(carrier, 'baggage') !== undefined || getter.get(carrier, TEST_HEADER) !== undefined
}

/** Removes our entries: the baggage propagator would send them to every host. */
function withoutOurEntries(context: Context): Context {
  const baggage = propagation.getBaggage(context)
  const ours = baggage?.getAllEntries().flatMap(([key]) => (key.startsWith('coalmine.') ? [key] : []))
  if (!baggage || !ours || ours.length === 0) return context
  return propagation.setBaggage(context, baggage.removeEntries(...ours))
}

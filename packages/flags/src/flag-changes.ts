import { sayOnce } from '@coalmine/marks'
import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api'

/** The name of the span that reports a changed flag configuration. */
export const flagChangeSpan = 'feature_flag.configuration_changed'

const scope = '@coalmine/flags'
// An SDK that reloads all flags reports all of them, whether or not they changed.
const mostAtOnce = 50

/**
 * Reports flags whose configuration changed, according to a flag SDK. Emits one short span per flag, which is exported like
 * any other. It belongs to no request and does not count as one. Never throws.
 *
 * @param keys the changed flags; more than fifty at once are taken for a reload of all flags and not reported.
 * @example launchDarkly.on('update', ({ key }) => recordFlagChanges([key], 'LaunchDarkly'))
 */
export function recordFlagChanges(keys: readonly string[], provider?: string): void {
  try {
    const changed = [...new Set(keys)].filter((key) => typeof key === 'string' && key !== '')
    if (changed.length > mostAtOnce) return
    for (const key of changed) {
      const attributes = { 'feature_flag.key': key, ...(provider && { 'feature_flag.provider.name': provider }) }
      trace.getTracer(scope).startSpan(flagChangeSpan, { kind: SpanKind.INTERNAL, attributes }, belowNothing()).end()
    }
  } catch (error) {
    sayOnce('a change of a flag was not recorded', error)
  }
}

/** A sampled parent, so that the span is sampled too. A span without a parent would count as a request. */
function belowNothing() {
  const id = (bytes: number): string =>
    [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: id(16),
    spanId: id(8),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  })
}

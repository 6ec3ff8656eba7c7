import { sayOnce } from '@coalmine/marks'
import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api'

/** The name of the span that tells of a flag whose configuration changed. */
export const flagChangeSpan = 'feature_flag.configuration_changed'

const scope = '@coalmine/flags'
// Whoever reads all flags anew names them all; that says of none that it changed.
const mostAtOnce = 50

/**
 * Tells that the configuration of flags changed, as a flag SDK says it: one short span for each of them, which travels as all other
 * spans do. It belongs to no request, and counts as none. Never throws.
 *
 * @param keys more than fifty at once are a reading of all flags anew, and are not told.
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

/** A span without a parent counts as a request that was answered. Below a parent that was sampled it is sampled too, and counts as none. */
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

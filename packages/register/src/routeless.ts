import { sayOnce } from '@coalmine/marks'
import { type Attributes, SpanKind } from '@opentelemetry/api'
import { installCommand, type Peers } from './peers.ts'

/** What is looked at of a span that has ended. */
interface EndedSpan {
  readonly kind: SpanKind
  readonly attributes: Attributes
}

/** So many requests without a route, and none with one, are no chance. */
const enough = 20

/** Which package sees the routes of a framework. */
const seenBy: Readonly<Record<string, string>> = {
  express: '@opentelemetry/instrumentation-express',
  fastify: '@fastify/otel',
}

/**
 * Looks at the spans that end, and says once when no request has a route: all are one operation then, and a comparison
 * cannot tell a slow one from another. Says why, as far as one can tell.
 */
export function tellOfMissingRoutes(peers: Peers): (span: EndedSpan) => void {
  let without = 0
  return ({ kind, attributes }) => {
    if (kind !== SpanKind.SERVER || without >= enough) return
    if (attributes['http.route'] !== undefined) without = enough
    // Requests for what does not exist have none in the best of cases; what is no HTTP has no status.
    const status = Number(attributes['http.response.status_code'] ?? attributes['http.status_code'])
    if (!(status < 400)) return
    without += 1
    if (without === enough) sayOnce(`none of the first ${enough} requests has a route: ${reason(peers)}`)
  }
}

function reason(peers: Peers): string {
  const unseen = Object.entries(seenBy).filter(([name]) => peers.resolve(name) !== undefined)
  const missing = unseen.flatMap(([, instrumentation]) =>
    peers.resolve(instrumentation) === undefined ? [instrumentation] : [],
  )
  if (missing.length > 0) return installCommand(missing, peers)
  return 'no instrumentation sees them: the framework is bundled into the application, was loaded before @coalmine/register, or is not a known one. See https://www.npmjs.com/package/@coalmine/register#if-your-app-is-'
}

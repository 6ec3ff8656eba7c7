// Another one that makes a span of each request, by means of its own, as Sentry does.
import http from 'node:http'
import { SpanKind, trace } from '@opentelemetry/api'

const { emit } = http.Server.prototype
http.Server.prototype.emit = function (event, ...args) {
  if (event !== 'request') return emit.call(this, event, ...args)
  const options = { kind: SpanKind.SERVER, attributes: { 'url.path': args[0].url } }
  return trace.getTracer('own-sdk').startActiveSpan('GET', options, (span) => {
    args[1].once('close', () => span.end())
    return emit.call(this, event, ...args)
  })
}

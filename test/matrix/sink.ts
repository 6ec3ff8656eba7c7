import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { KeyValue, OtlpRequest } from '../otlp.ts'

/** A span that was exported. */
export interface Exported {
  readonly traceId: string
  readonly name: string
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
}

/** Where an application exports its spans to, as OTLP JSON. */
export interface Sink {
  readonly url: string
  readonly spans: readonly Exported[]
  close(): void
}

export async function openSink(): Promise<Sink> {
  const spans: Exported[] = []
  const server = http.createServer(async (req, res) => {
    // An SDK may send metrics and logs too, to other paths.
    const { resourceSpans = [] } = (await json(req)) as Partial<OtlpRequest>
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        const { traceId, name, kind, attributes = [] } = span
        spans.push({ traceId, name, kind, attributes: plain(attributes), resource: plain(resource.attributes) })
      }
    }
    res.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((listens) => void server.listen(0, '127.0.0.1', listens))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    close: () => void server.close().closeAllConnections(),
  }
}

function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

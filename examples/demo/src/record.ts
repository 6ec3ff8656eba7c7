import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import { startLoad } from './load.ts'
import { startDemoServices } from './services.ts'

// Records the requests that the demo's storefront answers, as a Collector's file exporter would write them, so that a
// verdict can be had with no traffic of one's own: node examples/demo/dist/record.js examples/demo/canary.jsonl.gz
const [, , file = 'canary.jsonl.gz'] = process.argv

interface Resource {
  readonly attributes: { readonly key: string; readonly value: { readonly stringValue?: string } }[]
}

interface ResourceSpans {
  readonly resource: Resource
  readonly scopeSpans: { readonly scope: object; readonly spans: { readonly kind: number }[] }[]
}

const serverKind = 2
// What a Collector's resource processor would leave of it: nothing of the machine that recorded.
const kept = [
  'service.name',
  'service.version',
  'service.instance.id',
  'telemetry.sdk.name',
  'telemetry.sdk.language',
  'telemetry.sdk.version',
]

const out = createGzip({ level: 9 })
const written = once(out.pipe(createWriteStream(file)), 'close')
const sink = http.createServer((req, res) => {
  let text = ''
  req.setEncoding('utf8')
  req.on('data', (chunk) => (text += chunk))
  req.on('end', () => {
    const line = requestsOf((JSON.parse(text) as { resourceSpans: ResourceSpans[] }).resourceSpans)
    if (line.length > 0) out.write(`${JSON.stringify({ resourceSpans: line })}\n`)
    res.setHeader('content-type', 'application/json').end('{}')
  })
})
sink.listen(0, '127.0.0.1')
await once(sink, 'listening')

const otlpUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`
const services = await startDemoServices({
  otlpUrl,
  effect: 0.6,
  seed: 1,
  versions: { stable: '1.0.0', canary: '2.0.0' },
})
const targets = [services.stableUrl, services.canaryUrl].map((url) => ({ url, share: 0.5 }))
const load = startLoad({ targets, ratePerSecond: 60, testShare: 0.05, seed: 1, signal: AbortSignal.timeout(40_000) })
await load.done
await services.stop()
sink.close()
out.end()
await written

function requestsOf(resourceSpans: readonly ResourceSpans[]): ResourceSpans[] {
  return resourceSpans
    .filter(({ resource }) => resource.attributes.some(({ value }) => value.stringValue === 'storefront'))
    .map(({ resource, scopeSpans }) => ({
      resource: { attributes: resource.attributes.filter(({ key }) => kept.includes(key)) },
      scopeSpans: scopeSpans
        .map(({ scope, spans }) => ({ scope, spans: spans.filter(({ kind }) => kind === serverKind) }))
        .filter(({ spans }) => spans.length > 0),
    }))
    .filter(({ scopeSpans }) => scopeSpans.length > 0)
}

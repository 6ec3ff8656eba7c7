import { divertTestTraffic } from '@coalmine/marks'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { Destination } from './last-export.ts'
import { oneOf } from './one-of.ts'
import { outbox } from './outbox.ts'
import { loadAll, type Peers } from './peers.ts'
import { type Protocol, readRoute } from './route.ts'
import type { Settings } from './settings.ts'

/** Where spans go once they are marked. */
export interface Pipeline {
  /** Undefined sends them nowhere. */
  readonly processor: ReturnType<typeof oneOf> | undefined
  readonly destinations: readonly Destination[]
}

interface Packages {
  /** One of three packages, alike in what is used of them. */
  readonly exporter: typeof import('@opentelemetry/exporter-trace-otlp-http')
  readonly transformer: Readonly<Record<'JsonTraceSerializer' | 'ProtobufTraceSerializer', Serializer>>
}

interface Serializer {
  serializeRequest(spans: ReadableSpan[]): Uint8Array | undefined
}

const exporters: Readonly<Record<Protocol, string>> = {
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
}

/**
 * Makes the processors that send spans as the settings say, users' and test traffic's apart where they go apart.
 *
 * @throws Error that names the exporter's package where it is not installed
 */
export function exportPipeline(
  env: NodeJS.ProcessEnv,
  peers: Peers,
  { BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor }: typeof import('@opentelemetry/sdk-trace'),
  { batch, isWrittenOut, protocol, test }: Settings,
): Pipeline {
  const destinations: Destination[] = []
  const send = (known: Protocol, url?: string): SpanProcessor => {
    const packages = exporterPackages(peers, known)
    const box = outbox(new packages.exporter.OTLPTraceExporter(url === undefined ? {} : { url }))
    destinations.push({
      outbox: box,
      route: readRoute(env, known, url),
      serialize: serializer(packages.transformer, known),
    })
    return new BatchSpanProcessor({ exporter: box.exporter, ...batch })
  }
  const users = protocol && send(protocol)
  const diverted =
    users && test.exporterUrl !== undefined
      ? divertTestTraffic({ users, test: send(protocol, test.exporterUrl) })
      : users
  const processors = [
    ...(diverted ? [diverted as SpanProcessor] : []),
    ...(isWrittenOut ? [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })] : []),
  ]
  return { processor: processors.length > 0 ? oneOf(processors) : undefined, destinations }
}

function exporterPackages(peers: Peers, protocol: Protocol): Packages {
  const name = exporters[protocol]
  const { exporter } = loadAll<Pick<Packages, 'exporter'>>(peers, { exporter: name })
  // The exporter's own, which is a dependency of it.
  const transformer = peers.from(name).load<Packages['transformer']>('@opentelemetry/otlp-transformer')
  return { exporter, transformer: transformer! }
}

function serializer(
  { JsonTraceSerializer, ProtobufTraceSerializer }: Packages['transformer'],
  protocol: Protocol,
): (spans: ReadableSpan[]) => Uint8Array | undefined {
  const { serializeRequest } = protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer
  return (spans) => serializeRequest(spans)
}

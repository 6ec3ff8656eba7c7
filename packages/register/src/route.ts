import { readFileSync } from 'node:fs'

/** Where spans are sent, and how: data alone, so that another thread can have it. */
export interface Route {
  readonly url: string
  readonly isGrpc: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly isCompressed: boolean
  /** Certificates and keys, as PEM. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

/** The ways to send OTLP. */
export type Protocol = 'http/json' | 'http/protobuf' | 'grpc'

const grpcPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const contentTypes: Readonly<Record<Protocol, string>> = {
  'http/json': 'application/json',
  'http/protobuf': 'application/x-protobuf',
  grpc: 'application/grpc',
}

/**
 * Reads where an OTLP exporter sends spans from the variables that it reads itself:
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/. `url` is what the exporter was told instead.
 */
export function readRoute(env: NodeJS.ProcessEnv, protocol: Protocol, url?: string): Route {
  const of = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_TRACES_${name}`]?.trim() || env[`OTEL_EXPORTER_OTLP_${name}`]?.trim() || undefined
  const isGrpc = protocol === 'grpc'
  return {
    url: isGrpc ? grpcUrl(url ?? of('ENDPOINT'), of('INSECURE')) : (url ?? httpUrl(env)),
    isGrpc,
    headers: {
      ...pairs(env['OTEL_EXPORTER_OTLP_HEADERS']),
      ...pairs(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS']),
      'content-type': contentTypes[protocol],
    },
    isCompressed: of('COMPRESSION') === 'gzip',
    tls: {
      ...file('ca', of('CERTIFICATE')),
      ...file('cert', of('CLIENT_CERTIFICATE')),
      ...file('key', of('CLIENT_KEY')),
    },
  }
}

function httpUrl(env: NodeJS.ProcessEnv): string {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  if (own) return own
  return `${(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || 'http://localhost:4318').replace(/\/$/, '')}/v1/traces`
}

function grpcUrl(endpoint = 'http://localhost:4317', insecure = 'false'): string {
  const scheme = insecure.toLowerCase() === 'true' ? 'http' : 'https'
  return new URL(grpcPath, /^https?:/.test(endpoint) ? endpoint : `${scheme}://${endpoint}`).href
}

function pairs(text = ''): Record<string, string> {
  const entries = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim().toLowerCase(), decoded(pair.slice(at + 1).trim())]]
  })
  return Object.fromEntries(entries)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function file(field: keyof Route['tls'], path: string | undefined): Route['tls'] {
  try {
    return path === undefined ? {} : { [field]: readFileSync(path, 'utf8') }
  } catch {
    // The exporter has said so.
    return {}
  }
}

import { type Encoding, parseSigningKeys, type SigningKey } from '@coalmine/marks'

/** What the environment says, read once. */
export interface Settings {
  /** Whose marks to believe in inbound requests: `all` is for services that only one's own services can reach. */
  readonly trust: 'none' | 'all'
  /** Hosts that this service's marks are sent to. */
  readonly sendTo: readonly string[]
  /** Flags whose variants are sent along. */
  readonly sendFlags: readonly string[]
  /** How flags are written, whether spans wait for flags that are evaluated after they end, and what says "synthetic". */
  readonly marks: {
    readonly encoding: Encoding
    readonly late: 'open' | 'hold'
    readonly syntheticType?: string | false
  }
  /** Test traffic: whose signed markers to believe, and as whom. The first key signs what this service sends itself. */
  readonly test: {
    readonly keys: readonly SigningKey[]
    readonly audience?: string
    /** A file with the runs that are stopped. */
    readonly revokedFile: string | undefined
    /** Where its spans go; undefined is "with all others". */
    readonly exporterUrl: string | undefined
  }
  /** The package that sends spans; undefined sends none. */
  readonly exporter: string | undefined
  readonly propagators: readonly ('tracecontext' | 'baggage')[]
  /** The batch processor's settings, as OTEL_BSP_* give them. */
  readonly batch: {
    readonly scheduledDelayMillis?: number
    readonly maxQueueSize?: number
    readonly maxExportBatchSize?: number
    readonly exportTimeoutMillis?: number
  }
}

/**
 * Reads the settings from environment variables.
 *
 * @throws Error that names the variable, what it holds, and what it may hold
 * @example readSettings({ COALMINE_SEND_TO: 'inventory:8080' }).sendTo // ['inventory:8080']
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    trust: oneOf(env, 'COALMINE_TRUST', ['none', 'all']),
    sendTo: list(env['COALMINE_SEND_TO']),
    sendFlags: list(env['COALMINE_SEND_FLAGS']),
    marks: {
      encoding: oneOf(env, 'COALMINE_ENCODING', ['each', 'packed', 'both']),
      late: oneOf(env, 'COALMINE_LATE', ['open', 'hold']),
      ...syntheticType(env['COALMINE_SYNTHETIC_TYPE']),
    },
    test: {
      keys: parseSigningKeys(env['COALMINE_TEST_KEYS'] ?? '', 'COALMINE_TEST_KEYS'),
      ...(env['COALMINE_AUDIENCE'] ? { audience: env['COALMINE_AUDIENCE'] } : {}),
      revokedFile: env['COALMINE_REVOKED_FILE'] || undefined,
      exporterUrl: testExporterUrl(env),
    },
    exporter: exporterName(env),
    propagators: propagatorNames(env),
    batch: {
      ...count(env, 'OTEL_BSP_SCHEDULE_DELAY', 'scheduledDelayMillis'),
      ...count(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 'maxQueueSize'),
      ...count(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'maxExportBatchSize'),
      ...count(env, 'OTEL_BSP_EXPORT_TIMEOUT', 'exportTimeoutMillis'),
    },
  }
}

function syntheticType(key: string | undefined): { syntheticType?: string | false } {
  return key ? { syntheticType: key === 'none' ? false : key } : {}
}

function exporterName(env: NodeJS.ProcessEnv): string | undefined {
  if (oneOf(env, 'OTEL_TRACES_EXPORTER', ['otlp', 'none']) === 'none') return undefined
  const packages = { 'http/json': 'http', 'http/protobuf': 'proto', grpc: 'grpc' } as const
  return `@opentelemetry/exporter-trace-otlp-${packages[protocol(env)]}`
}

function protocol(env: NodeJS.ProcessEnv): 'http/json' | 'http/protobuf' | 'grpc' {
  const name = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']
    ? 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
    : 'OTEL_EXPORTER_OTLP_PROTOCOL'
  return oneOf(env, name, ['http/json', 'http/protobuf', 'grpc'])
}

/** A base like OTEL_EXPORTER_OTLP_ENDPOINT, but an exporter takes what it is given as it is. */
function testExporterUrl(env: NodeJS.ProcessEnv): string | undefined {
  const endpoint = env['COALMINE_TEST_EXPORTER_ENDPOINT']
  if (!endpoint) return undefined
  if (!URL.canParse(endpoint)) {
    throw new Error(`COALMINE_TEST_EXPORTER_ENDPOINT: expected a URL such as http://tests:4318, got "${endpoint}"`)
  }
  return protocol(env) === 'grpc' ? endpoint : `${endpoint.replace(/\/$/, '')}/v1/traces`
}

function propagatorNames(env: NodeJS.ProcessEnv): ('tracecontext' | 'baggage')[] {
  const names = list(env['OTEL_PROPAGATORS'] || 'tracecontext,baggage')
  return names.flatMap((name) => {
    if (name === 'tracecontext' || name === 'baggage') return [name]
    if (name === 'none') return []
    throw new Error(`OTEL_PROPAGATORS: expected tracecontext, baggage or none, got "${name}"`)
  })
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, allowed: readonly [T, ...T[]]): T {
  const value = env[name] || allowed[0]
  const found = allowed.find((each) => each === value)
  if (found === undefined)
    throw new Error(`${name}: expected ${allowed.join(', ').replace(/, ([^,]*)$/, ' or $1')}, got "${value}"`)
  return found
}

function count<K extends string>(env: NodeJS.ProcessEnv, name: string, field: K): { [F in K]?: number } {
  const text = env[name]
  if (!text) return {}
  if (!/^\d+$/.test(text)) throw new Error(`${name}: expected a whole number, got "${text}"`)
  return { [field]: Number(text) } as { [F in K]?: number }
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

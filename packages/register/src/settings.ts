import { type Encoding, parseSigningKeys, type SigningKey } from '@coalmine/marks'
import type { Protocol } from './route.ts'

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
  /** How spans are sent; undefined sends none. */
  readonly protocol: Protocol | undefined
  /** Whether spans are written to standard output. */
  readonly isWrittenOut: boolean
  readonly propagators: readonly ('tracecontext' | 'baggage')[]
  /** The batch processor's settings, as OTEL_BSP_* give them. */
  readonly batch: {
    readonly scheduledDelayMillis?: number
    readonly maxQueueSize?: number
    readonly maxExportBatchSize?: number
    readonly exportTimeoutMillis?: number
  }
  /** How long the end of the process may be held up, for the last spans. */
  readonly flushTimeoutMs: number
  /** What OpenTelemetry's variables say that is not understood, and so left out: a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Reads the settings from environment variables. What OpenTelemetry's own variables say that is not understood is left
 * out and noted, as its specification has it.
 *
 * @throws Error that names a variable of Coalmine's, what it holds, and what it may hold
 * @example readSettings({ COALMINE_SEND_TO: 'inventory:8080' }).sendTo // ['inventory:8080']
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const notes: string[] = []
  const exporters = known(env, 'OTEL_TRACES_EXPORTER', ['otlp', 'console', 'none'], notes)
  const protocol = protocolOf(env, notes)
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
      exporterUrl: testExporterUrl(env, protocol),
    },
    protocol: exporters.includes('otlp') ? protocol : undefined,
    isWrittenOut: exporters.includes('console'),
    propagators: known(
      env,
      'OTEL_PROPAGATORS',
      ['tracecontext', 'baggage', 'none'],
      notes,
      'tracecontext,baggage',
    ).filter((name) => name !== 'none'),
    batch: {
      ...count(env, 'OTEL_BSP_SCHEDULE_DELAY', 'scheduledDelayMillis', notes),
      ...count(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 'maxQueueSize', notes),
      ...count(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'maxExportBatchSize', notes),
      ...count(env, 'OTEL_BSP_EXPORT_TIMEOUT', 'exportTimeoutMillis', notes),
    },
    flushTimeoutMs: count(env, 'COALMINE_FLUSH_TIMEOUT', 'ms', notes).ms ?? 2000,
    notes,
  }
}

function syntheticType(key: string | undefined): { syntheticType?: string | false } {
  return key ? { syntheticType: key === 'none' ? false : key } : {}
}

function protocolOf(env: NodeJS.ProcessEnv, notes: string[]): Protocol {
  const name = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']
    ? 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
    : 'OTEL_EXPORTER_OTLP_PROTOCOL'
  return known(env, name, ['http/json', 'http/protobuf', 'grpc'], notes)[0] ?? 'http/json'
}

/** A base like OTEL_EXPORTER_OTLP_ENDPOINT, but an exporter takes what it is given as it is. */
function testExporterUrl(env: NodeJS.ProcessEnv, protocol: Protocol): string | undefined {
  const endpoint = env['COALMINE_TEST_EXPORTER_ENDPOINT']
  if (!endpoint) return undefined
  if (!URL.canParse(endpoint)) {
    throw new Error(`COALMINE_TEST_EXPORTER_ENDPOINT: expected a URL such as http://tests:4318, got "${endpoint}"`)
  }
  return protocol === 'grpc' ? endpoint : `${endpoint.replace(/\/$/, '')}/v1/traces`
}

/** The names in a list that are known; those that are not are noted. */
function known<T extends string>(
  env: NodeJS.ProcessEnv,
  name: string,
  allowed: readonly [T, ...T[]],
  notes: string[],
  otherwise: string = allowed[0],
): T[] {
  return list(env[name] || otherwise).flatMap((item) => {
    const found = allowed.find((each) => each === item)
    if (found !== undefined) return [found]
    notes.push(`${name}: "${item}" is not known and is ignored, expected ${alternatives(allowed)}`)
    return []
  })
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, allowed: readonly [T, ...T[]]): T {
  const value = env[name] || allowed[0]
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new Error(`${name}: expected ${alternatives(allowed)}, got "${value}"`)
  return found
}

function alternatives(allowed: readonly string[]): string {
  return allowed.join(', ').replace(/, ([^,]*)$/, ' or $1')
}

function count<K extends string>(
  env: NodeJS.ProcessEnv,
  name: string,
  field: K,
  notes: string[],
): { [F in K]?: number } {
  const text = env[name]
  if (!text) return {}
  if (/^\d+$/.test(text)) return { [field]: Number(text) } as { [F in K]?: number }
  notes.push(`${name}: "${text}" is ignored, expected a whole number`)
  return {}
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

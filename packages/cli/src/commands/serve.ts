import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { isRemote, shown } from '@coalmine/server/location'
import { type Command, Option } from 'commander'
import { defaultConfig, readConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import { type Io, tell } from '../io.ts'
import {
  bytes,
  count,
  days,
  excludeEachOther,
  httpUrl,
  milliseconds,
  port,
  storeOption,
  tokenOption,
} from '../options.ts'
import { parsedSlosOf } from '../slos.ts'

interface ServeOptions {
  readonly store: string
  readonly host: string
  readonly port: number
  readonly grpc: boolean
  readonly grpcPort?: number
  readonly token?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly insecure?: boolean
  readonly ack: 'stored' | 'queued'
  readonly keep?: number
  readonly minFree?: number
  readonly watermark?: number
  readonly maxConnections?: number
  readonly drain?: number
  readonly fsync?: boolean
  readonly tokenFile?: string
  readonly tokens?: string
  readonly baseUrl?: string
  readonly config?: string
  readonly stopOn?: 'hurts-users'
  readonly revoke?: string
}

/** `coalmine serve`: runs the server until it is stopped. */
export function serveCommand(command: Command, io: Io): Command {
  return command
    .addOption(storeOption())
    .addOption(new Option('--host <host>', 'where to listen').default('127.0.0.1').env('COALMINE_HOST'))
    .addOption(
      new Option('--port <port>', 'the port for OTLP/HTTP, the page and the API; 0 takes any free one')
        .argParser(port)
        .default(4318)
        .env('COALMINE_PORT'),
    )
    .addOption(
      new Option('--grpc-port <port>', 'the port for OTLP/gRPC (default: the one below --port)')
        .argParser(port)
        .env('COALMINE_GRPC_PORT'),
    )
    .option('--no-grpc', 'do not listen for OTLP/gRPC')
    .addOption(tokenOption())
    .addOption(
      new Option('--token-file <file>', 'a file with the token, to keep it out of process lists').env(
        'COALMINE_TOKEN_FILE',
      ),
    )
    .addOption(
      new Option('--tokens <file>', 'tokens with names and rights instead: lines such as "deploy  judge  TOKEN"').env(
        'COALMINE_TOKENS',
      ),
    )
    .addOption(
      new Option('--base-url <url>', 'the address at which browsers and pipelines reach the server, behind a proxy')
        .argParser(httpUrl)
        .env('COALMINE_BASE_URL'),
    )
    .addOption(
      new Option(
        '--config <file>',
        `the file with the notify, rollout, slo and flags sections (default: ${defaultConfig}, if it exists)`,
      ).env('COALMINE_CONFIG'),
    )
    .addOption(
      new Option('--stop-on <what>', 'revoke any test run that is proved to hurt users while it lasts')
        .choices(['hurts-users'])
        .env('COALMINE_STOP_ON'),
    )
    .addOption(
      new Option('--revoke <file>', 'the revocation file that the services watch, to add runs to').env(
        'COALMINE_REVOKED_FILE',
      ),
    )
    .addOption(new Option('--tls-cert <file>', 'the certificate for HTTPS and gRPC (PEM)').env('COALMINE_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'its key (PEM)').env('COALMINE_TLS_KEY'))
    .option('--insecure', 'listen beyond this machine without a token or TLS; anybody there may read and write')
    .addOption(
      new Option('--ack <when>', 'acknowledge spans when they are stored, or earlier, when they are queued')
        .choices(['stored', 'queued'])
        .default('stored')
        .env('COALMINE_ACK'),
    )
    .addOption(
      new Option('--keep <time>', 'how long spans and ticks are kept (default: 14d)')
        .argParser(days)
        .env('COALMINE_KEEP'),
    )
    .addOption(
      new Option('--min-free <size>', 'refuse spans when less than this is free on the disk (default: 128MB)')
        .argParser(bytes)
        .env('COALMINE_MIN_FREE'),
    )
    .addOption(
      new Option(
        '--watermark <time>',
        'how long to wait for late spans before five seconds are summed up (default: 15s)',
      )
        .argParser(milliseconds)
        .env('COALMINE_WATERMARK'),
    )
    .addOption(
      new Option(
        '--max-connections <n>',
        'how many connections may be open, over HTTP and over gRPC (default: 2000 each)',
      )
        .argParser(count)
        .env('COALMINE_MAX_CONNECTIONS'),
    )
    .addOption(
      new Option('--drain <time>', 'how long open requests may take when the server stops (default: 10s)')
        .argParser(milliseconds)
        .env('COALMINE_DRAIN'),
    )
    .addOption(
      new Option('--fsync', 'acknowledge spans only when they are safe from a loss of power').env('COALMINE_FSYNC'),
    )
    .hook('preAction', (_command, called) => excludeEachOther(called, 'tokens', ['token', 'tokenFile']))
    .action((options: ServeOptions) => serve(options, io))
}

async function serve(options: ServeOptions, io: Io): Promise<void> {
  const { store, host, port, ack, keep, minFree, watermark, maxConnections, drain } = options
  const token = await tokenOf(options)
  const tls = await tlsFiles(options)
  const config = await readConfig(options.config)
  const { notify } = config
  const slos = await parsedSlosOf(config, options)
  if (options.stopOn !== undefined && options.revoke === undefined)
    throw new CommandError('usage', '--stop-on needs --revoke: name the file of revoked runs that the services watch')
  if (!options.insecure) refuseOpenDoor(host, token ?? options.tokens, tls)
  if (keep !== undefined && isRemote(store))
    tell(io, `--keep applies to closed ticks; spans are kept as their own table says`)
  const stopped = new Promise<undefined>((resolve) => {
    if (io.stop.aborted) resolve(undefined)
    io.stop.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const { startServer } = await import('@coalmine/server')
  const starting = startServer({
    store,
    host,
    port,
    ack,
    warn: (message) => tell(io, message),
    ...(options.grpc ? { grpcPort: options.grpcPort ?? Math.max(port - 1, 0) } : {}),
    ...(tls === undefined ? {} : { tls }),
    ...(token === undefined ? {} : { token }),
    ...(options.tokens === undefined ? {} : { tokensFile: options.tokens }),
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    githubSecret: io.env['COALMINE_GITHUB_WEBHOOK_SECRET'] || undefined,
    launchDarklySecret: io.env['COALMINE_LAUNCHDARKLY_WEBHOOK_SECRET'] || undefined,
    growthBookSecret: io.env['COALMINE_GROWTHBOOK_WEBHOOK_SECRET'] || undefined,
    slos,
    flagRules: config.flagRules,
    ...(notify && { notify: { config: notify, environment: io.env } }),
    testRuns: { stopOn: options.stopOn, revokeFile: options.revoke },
    // Read again at the start of each rollout.
    rollout: { config: () => readConfig(options.config), environment: io.env },
    ...(keep === undefined ? {} : { retentionDays: keep }),
    ...(minFree === undefined ? {} : { minFreeBytes: minFree }),
    ...(watermark === undefined ? {} : { watermarkMs: watermark }),
    ...(options.fsync && { fsync: true }),
    ...(drain === undefined ? {} : { drainMs: drain }),
    ...(maxConnections === undefined ? {} : { limits: { connections: maxConnections } }),
  })
  const server = await Promise.race([starting, stopped])
  if (!server) throw new CommandError('interrupted', 'stopped before it was listening')
  const grpc = server.grpcUrl === undefined ? '' : `, OTLP/gRPC at ${server.grpcUrl}`
  io.stdout.write(
    `coalmine serves ${shown(store)} on ${server.url} (OTLP/HTTP at ${server.url}/v1/traces${grpc}); Ctrl-C stops it\n`,
  )
  await stopped
  await server.close()
}

async function tokenOf({ token, tokenFile }: ServeOptions): Promise<string | undefined> {
  if (tokenFile === undefined) return token
  if (token !== undefined) throw new CommandError('usage', '--token-file cannot be used with --token: give one of them')
  const text = (await read('--token-file', tokenFile)).toString('utf8').trim()
  if (text === '') throw new CommandError('usage', `--token-file ${tokenFile}: it is empty`)
  return text
}

async function tlsFiles({ tlsCert, tlsKey }: ServeOptions): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined) throw new CommandError('usage', '--tls-key needs --tls-cert: give both')
  if (tlsKey === undefined) throw new CommandError('usage', '--tls-cert needs --tls-key: give both')
  return { cert: await read('--tls-cert', tlsCert), key: await read('--tls-key', tlsKey) }
}

async function read(option: string, file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      'usage',
      `${option} ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    )
  })
}

function refuseOpenDoor(host: string, token: string | undefined, tls: object | undefined): void {
  if (isLoopback(host) || (token !== undefined && tls)) return
  const missing = [
    ...(token === undefined ? ['--token or --tokens'] : []),
    ...(tls ? [] : ['--tls-cert and --tls-key']),
  ]
  throw new CommandError(
    'usage',
    `--host ${host} listens beyond this machine: give ${missing.join(' with ')}, or --insecure`,
  )
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

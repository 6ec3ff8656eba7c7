import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  type ComparisonBody,
  type Config,
  comparedScopes,
  type PolicyInput,
  parseConfig,
  parsePolicy,
  traffics,
  type Verdict,
} from '@coalmine/comparator'
import { parseSelector } from '@coalmine/server'
import { type Command, Option } from 'commander'
import { ask, type Server } from './client.ts'
import { CommandError, isOutcome } from './exit-codes.ts'
import type { Place } from './host.ts'
import {
  excludeEachOther,
  formatOption,
  margin,
  milliseconds,
  moment,
  probability,
  serverOption,
  storeOption,
  tokenOption,
  tracesOption,
} from './options.ts'

/** What `compare` and `watch` share. */
export interface ComparisonOptions extends Place {
  readonly service?: string
  readonly stable?: string
  readonly canary?: string
  readonly traffic?: string
  readonly audience?: string
  readonly scope?: string
  readonly interact?: readonly string[]
  readonly from?: readonly string[]
  readonly since?: number
  readonly stableWindow?: number
  readonly start?: string
  readonly end?: string
  readonly alpha?: number
  readonly margin?: Readonly<Record<string, string>>
  readonly split?: string
  readonly warmUp?: string
  readonly config?: string
  readonly format: 'text' | 'json'
  readonly output?: string
  readonly otlp?: string
}

export const defaultConfig = 'coalmine.yaml'

export function addComparisonOptions(command: Command): Command {
  return command
    .addOption(new Option('--service <name>', 'the service under test').env('COALMINE_SERVICE'))
    .addOption(
      new Option('--stable <selector>', 'which spans are stable, such as service.version=1.9.0').env('COALMINE_STABLE'),
    )
    .addOption(
      new Option('--canary <selector>', 'which spans are canary, such as service.version=2.0.0').env('COALMINE_CANARY'),
    )
    .addOption(
      new Option('--traffic <kind>', 'whose requests: those of users, of tests alone, or both (default: users)')
        .choices(traffics)
        .env('COALMINE_TRAFFIC'),
    )
    .addOption(
      new Option('--audience <names>', 'only requests of these audiences, such as beta,internal').env(
        'COALMINE_AUDIENCE',
      ),
    )
    .addOption(
      new Option(
        '--scope <scope>',
        'the requests that the service answers, or downstream: the calls that it makes (default: requests)',
      )
        .choices(comparedScopes)
        .env('COALMINE_SCOPE'),
    )
    .addOption(
      new Option(
        '--interact <flag...>',
        'what part a flag has, also where the canary does not fail: the build, the flag, or only both together',
      ).env('COALMINE_INTERACT'),
    )
    .addOption(storeOption())
    .addOption(tracesOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .addOption(
      new Option('--since <time>', 'a sliding window, such as 30m (default: since the first canary span)')
        .argParser(milliseconds)
        .env('COALMINE_SINCE'),
    )
    .addOption(
      new Option('--start <moment>', 'start of the window, such as 2026-11-20T10:00:00Z')
        .argParser(moment)
        .env('COALMINE_START'),
    )
    .addOption(new Option('--end <moment>', 'end of the window (default: now)').argParser(moment).env('COALMINE_END'))
    .addOption(
      new Option('--alpha <level>', 'chance of failing a good canary (default: 0.05)')
        .argParser(probability)
        .env('COALMINE_ALPHA'),
    )
    .addOption(
      new Option(
        '--margin <metric=values>',
        'how much worse is acceptable; again for each metric (default: latency=10%,2ms errors=1.5,0.1pp 4xx=1.5,0.1pp lost-requests=5%)',
      )
        .argParser(margin)
        .env('COALMINE_MARGIN'),
    )
    .addOption(
      new Option(
        '--split <share>',
        "the canary's declared share of traffic, such as 50%: lost requests are judged",
      ).env('COALMINE_SPLIT'),
    )
    .addOption(
      new Option(
        '--warm-up <time>',
        "how much of each instance's life is left out of latency, such as 2m or 0s (default: 60s)",
      ).env('COALMINE_WARM_UP'),
    )
    .addOption(
      new Option('--config <file>', `names and policy (default: ${defaultConfig} where there is one)`).env(
        'COALMINE_CONFIG',
      ),
    )
    .addOption(formatOption())
    .addOption(
      new Option('--output <file>', 'write the report there; standard output stays empty').env('COALMINE_OUTPUT'),
    )
    .addOption(
      new Option('--otlp <url>', 'send the verdict there too, as a coalmine.verdict log event over OTLP/HTTP').env(
        'OTEL_EXPORTER_OTLP_ENDPOINT',
      ),
    )
    .hook('preAction', (_command, called) => excludeEachOther(called, 'since', ['start', 'end']))
    .addHelpText(
      'after',
      `
Selectors:
  service.version=2.0.0             a build
  flag:new-pricing=on               a flag's variant
  cloud.region=eu-west-1            any span attribute, else the resource's
  resource:k8s.node.pool=b          a resource attribute
  via:storefront=2.0.0              a build of another service that the request came through
  coalmine.test.run=load-7          a test run; other cohorts have no test traffic
  flag:new-pricing!=on              any other value, or none
  service.version=2.0.0,flag:x=on   both; percent-encode , and = inside keys and values
  span.kind=client, span.name=GET   in calls and share of a metric: the span's own kind and name`,
    )
}

/** What to ask a server for: from flags, then the environment, then the file; `metrics` are judged beside those of the file. */
export async function comparisonRequest(
  options: ComparisonOptions,
  metrics: NonNullable<PolicyInput['metrics']> = {},
): Promise<ComparisonBody> {
  const config = await readConfig(options.config)
  const required = (name: 'service' | 'stable' | 'canary'): string => {
    const value = options[name] ?? config[name]
    if (value) return value
    throw new CommandError(
      'usage',
      `which ${name}? Give --${name}, COALMINE_${name.toUpperCase()}, or "${name}:" in ${defaultConfig}`,
    )
  }
  const { stableWindow, interact, since, start, end } = options
  const { traffic = config.traffic, audience = config.audience, scope = config.scope } = options
  return {
    service: required('service'),
    stable: required('stable'),
    canary: required('canary'),
    ...(traffic === undefined ? {} : { traffic }),
    ...(audience === undefined ? {} : { audience: listOf(audience) }),
    ...(scope === undefined ? {} : { scope }),
    ...(interact === undefined ? {} : { interact: [interact].flat().flatMap(listOf).map(flagKey) }),
    ...(stableWindow === undefined ? {} : { stableWindowMs: stableWindow }),
    window: {
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
    },
    policy: policyInput(options, withMetrics(config, metrics)),
  }
}

function withMetrics(config: Config, metrics: NonNullable<PolicyInput['metrics']>): Config {
  if (Object.keys(metrics).length === 0) return config
  return { ...config, policy: { ...config.policy, metrics: { ...metrics, ...config.policy.metrics } } }
}

/** The policy of a file, with what flags or the environment change of it. */
export function policyInput(
  { alpha, margin, split, warmUp }: Pick<ComparisonOptions, 'alpha' | 'margin' | 'split' | 'warmUp'>,
  config: Config,
): PolicyInput {
  const input = {
    ...config.policy,
    ...(alpha === undefined ? {} : { alpha }),
    ...(split === undefined ? {} : { split }),
    ...(warmUp === undefined ? {} : { warmUp }),
    ...(margin === undefined ? {} : { metrics: withMargins(config.policy.metrics, margin) }),
  }
  const policy = parsePolicy(input)
  if (policy.kind === 'policy') return input
  const problems = policy.problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new CommandError('usage', problems.join('\n'))
}

function withMargins(
  metrics: PolicyInput['metrics'] = {},
  margins: Readonly<Record<string, string>>,
): PolicyInput['metrics'] {
  const entries = Object.entries(margins).map(([name, margin]) => {
    const entry = metrics[name] ?? {}
    return [name, { ...(typeof entry === 'object' ? entry : { gate: entry }), margin }]
  })
  return { ...metrics, ...Object.fromEntries(entries) }
}

export async function compareOn(server: Server, request: ComparisonBody, signal?: AbortSignal): Promise<Verdict> {
  return ask(server, '/api/compare', isVerdict, { body: request, ...(signal ? { signal } : {}) })
}

function isVerdict(answer: object): answer is Verdict {
  return (
    'schema' in answer && answer.schema === 'coalmine.verdict/1' && 'verdict' in answer && isOutcome(answer.verdict)
  )
}

/** `flag:x` as selectors have it, or `x`. */
function flagKey(text: string): string {
  return text.replace(/^flag:/, '')
}

/** Names that are joined by commas. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

export async function readConfig(file: string | undefined): Promise<Config> {
  if (file === undefined && !existsSync(defaultConfig)) return { policy: {} }
  return readConfigFile(file ?? defaultConfig, '--config ')
}

/** What a file says; `flag` is how it was named, for the message where it is not there. */
export async function readConfigFile(path: string, flag = ''): Promise<Config> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      'usage',
      `${flag}${path}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    )
  })
  try {
    return parseConfig(text, path, parseSelector)
  } catch (error) {
    throw new CommandError('usage', (error as Error).message)
  }
}

import { comparedScopes, defaultPolicy, formatMargin, traffics } from '@coalmine/comparator'
import { type Command, Option } from 'commander'
import { defaultConfig } from './config-file.ts'
import type { SpanSource } from './host.ts'
import {
  excludeEachOther,
  margin,
  milliseconds,
  moment,
  probability,
  serverOption,
  storeOption,
  tokenOption,
  tracesOption,
  verdictFormatOption,
} from './options.ts'
import type { ReportFormat } from './output.ts'

const defaultMargins = defaultPolicy.metrics.map(({ name, margin }) => `${name}=${formatMargin(margin)}`).join(' ')

/** Who is compared. */
export interface CohortOptions {
  readonly service?: string
  readonly stable?: string
  readonly canary?: string
}

/** What `compare` and `watch` share. */
export interface ComparisonOptions extends SpanSource, CohortOptions {
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
  readonly format: ReportFormat
  readonly output?: string
  readonly otlp?: string
}

/** Adds what `compare` and `watch` share: whom they compare, where the spans are, how strictly, and where the report goes. */
export function addComparisonOptions(command: Command): Command {
  return addReportOptions(addPolicyOptions(addSourceOptions(addTrafficOptions(addCohortOptions(command)))))
    .hook('preAction', (_command, called) => excludeEachOther(called, 'since', ['start', 'end']))
    .addHelpText('after', selectorsHelp)
}

/** Adds the service and both cohorts. */
export function addCohortOptions(command: Command): Command {
  return command
    .addOption(new Option('--service <name>', 'the service under test').env('COALMINE_SERVICE'))
    .addOption(
      new Option('--stable <selector>', 'which spans are stable, such as service.version=1.9.0').env('COALMINE_STABLE'),
    )
    .addOption(
      new Option('--canary <selector>', 'which spans are canary, such as service.version=2.0.0').env('COALMINE_CANARY'),
    )
}

function addTrafficOptions(command: Command): Command {
  return command
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
}

function addSourceOptions(command: Command): Command {
  return command
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
}

function addPolicyOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--alpha <level>', `chance of failing a good canary (default: ${defaultPolicy.alpha})`)
        .argParser(probability)
        .env('COALMINE_ALPHA'),
    )
    .addOption(
      new Option(
        '--margin <metric=values>',
        `how much worse is acceptable; again for each metric (default: ${defaultMargins})`,
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
}

function addReportOptions(command: Command): Command {
  return command
    .addOption(verdictFormatOption())
    .addOption(
      new Option('--output <file>', 'write the report there; standard output stays empty').env('COALMINE_OUTPUT'),
    )
    .addOption(
      new Option('--otlp <url>', 'send the verdict there too, as a coalmine.verdict log event over OTLP/HTTP').env(
        'OTEL_EXPORTER_OTLP_ENDPOINT',
      ),
    )
}

const selectorsHelp = `
Selectors:
  service.version=2.0.0             a build
  flag:new-pricing=on               a flag's variant
  cloud.region=eu-west-1            any span attribute, else the resource's
  resource:k8s.node.pool=b          a resource attribute
  via:storefront=2.0.0              a build of another service that the request came through
  coalmine.test.run=load-7          a test run; other cohorts have no test traffic
  flag:new-pricing!=on              any other value, or none
  service.version=2.0.0,flag:x=on   both; percent-encode , and = inside keys and values
  span.kind=client, span.name=GET   in calls and share of a metric: the span's own kind and name`

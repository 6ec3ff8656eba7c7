import { comparedScopes, defaultPolicy, formatMargin, traffics } from '@coalmine/comparator/defaults'
import { type Command, Option } from 'commander'
import { defaultConfig } from './config-file.ts'
import type { SpanSource } from './host.ts'
import {
  excludeEachOther,
  margin,
  moment,
  probability,
  serverOption,
  storeOption,
  tokenOption,
  tracesOption,
  verdictFormatOption,
  windowMilliseconds,
} from './options.ts'
import type { ReportFormat } from './output.ts'

const defaultMargins = defaultPolicy.metrics.map(({ name, margin }) => `${name}=${formatMargin(margin)}`).join(' ')

/** The service and the two cohorts. */
export interface CohortOptions {
  readonly service?: string
  readonly stable?: string
  readonly canary?: string
}

/** Options shared by `compare` and `watch`. */
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

/** Adds the options of `compare` and `watch`: the cohorts, the source of spans, the policy, and the output. */
export function addComparisonOptions(command: Command): Command {
  return addReportOptions(addPolicyOptions(addSourceOptions(addTrafficOptions(addCohortOptions(command)))))
    .hook('preAction', (_command, called) => excludeEachOther(called, 'since', ['start', 'end']))
    .addHelpText('after', selectorsHelp)
}

/** Adds the options for the service and both cohorts. */
export function addCohortOptions(command: Command): Command {
  return command
    .addOption(new Option('--service <name>', 'the service that is released').env('COALMINE_SERVICE'))
    .addOption(
      new Option('--stable <selector>', 'the stable cohort, such as service.version=1.9.0').env('COALMINE_STABLE'),
    )
    .addOption(
      new Option('--canary <selector>', 'the canary cohort, such as service.version=2.0.0').env('COALMINE_CANARY'),
    )
}

function addTrafficOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--traffic <kind>',
        'which requests to judge: those of users, those of tests, or both (default: users)',
      )
        .choices(traffics)
        .env('COALMINE_TRAFFIC'),
    )
    .addOption(
      new Option('--audience <names>', 'judge these audiences only, such as beta,internal').env('COALMINE_AUDIENCE'),
    )
    .addOption(
      new Option(
        '--scope <scope>',
        'judge the requests that the service answers, or the calls that it makes (downstream) (default: requests)',
      )
        .choices(comparedScopes)
        .env('COALMINE_SCOPE'),
    )
    .addOption(
      new Option(
        '--interact <flag...>',
        'say whether this flag, the build or both together make a difference, even if nothing fails',
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
      new Option(
        '--since <time>',
        'judge only the last part of the traffic, such as 30m (default: since the first canary span)',
      )
        .argParser(windowMilliseconds)
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
      new Option('--alpha <level>', `error level: how often a good canary may FAIL (default: ${defaultPolicy.alpha})`)
        .argParser(probability)
        .env('COALMINE_ALPHA'),
    )
    .addOption(
      new Option(
        '--margin <metric=values>',
        `how much worse is acceptable; may be repeated for other metrics (default: ${defaultMargins})`,
      )
        .argParser(margin)
        .env('COALMINE_MARGIN'),
    )
    .addOption(
      new Option(
        '--split <share>',
        'the share of traffic that the canary should get, such as 50%; judges lost requests',
      ).env('COALMINE_SPLIT'),
    )
    .addOption(
      new Option(
        '--warm-up <time>',
        'leave the start of each instance out of latency, such as 2m or 0s (default: 60s)',
      ).env('COALMINE_WARM_UP'),
    )
    .addOption(
      new Option(
        '--config <file>',
        `a file with the cohorts and what you expect (default: ${defaultConfig}, if it exists)`,
      ).env('COALMINE_CONFIG'),
    )
}

function addReportOptions(command: Command): Command {
  return command
    .addOption(verdictFormatOption())
    .addOption(
      new Option('--output <file>', 'write the report to a file instead of standard output').env('COALMINE_OUTPUT'),
    )
    .addOption(
      new Option('--otlp <url>', 'also send the verdict there, as a coalmine.verdict log event over OTLP/HTTP').env(
        'OTEL_EXPORTER_OTLP_ENDPOINT',
      ),
    )
}

const selectorsHelp = `
Selectors:
  service.version=2.0.0             a build
  flag:new-pricing=on               a flag's variant
  cloud.region=eu-west-1            any attribute of the span, or else of its resource
  resource:k8s.node.pool=b          a resource attribute
  via:storefront=2.0.0              a build of another service that the request came through
  coalmine.test.run=load-7          a test run; other cohorts leave test traffic out
  flag:new-pricing!=on              any other value, or none
  service.version=2.0.0,flag:x=on   both; percent-encode , and = inside keys and values
  span.kind=client, span.name=GET   in a metric's calls and share: the span's own kind and name`

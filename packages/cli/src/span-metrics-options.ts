import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError } from './exit-codes.ts'
import { excludeEachOther, httpUrl } from './options.ts'

/** The Prometheus options of `compare` and `watch`, as parsed by commander. */
export interface SpanMetricsOptions {
  readonly prometheus?: string
  readonly prometheusHeader?: readonly string[] | string
  readonly metric?: string
  readonly slowerThan?: readonly string[]
}

/** Adds `--prometheus` and its related options, and the options they exclude. */
export function addSpanMetricsOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--prometheus <url>', 'judge the span metrics in this Prometheus instead of spans')
        .argParser(httpUrl)
        .env('COALMINE_PROMETHEUS'),
    )
    .addOption(
      new Option('--prometheus-header <header...>', "a header to send to it, such as 'Authorization: Bearer x'").env(
        'COALMINE_PROMETHEUS_HEADER',
      ),
    )
    .addOption(
      new Option(
        '--metric <name>',
        'the histogram or counter to read from --prometheus (default: the first known one that both cohorts have)',
      ).env('COALMINE_METRIC'),
    )
    .addOption(
      new Option(
        '--slower-than <times>',
        'also judge the share of requests slower than these times, such as 250ms,1s; with --prometheus, these must be bounds of buckets',
      )
        .argParser(times)
        .env('COALMINE_SLOWER_THAN'),
    )
    .hook('preAction', (_command, called) => {
      excludeEachOther(called, 'prometheus', others)
      if (called.getOptionValue('prometheus') !== undefined) return
      const [stray] = own.filter(([name]) => called.getOptionValueSource(name) === 'cli')
      if (stray) throw new CommandError('usage', `--${stray[1]} goes with --prometheus`)
    })
    .addHelpText(
      'after',
      `
Prometheus:
  Histograms, classic or native, of OpenTelemetry's spanmetrics connector, of Tempo, of http.server.request.duration,
  of rpc.server.call.duration, or of Istio (one side of each request).
  Selectors choose by labels: service.version=2.0.0 is service_version="2.0.0".
  A bound of buckets needs no margin of time: --slower-than 250ms --margin slower-than-250ms=1pp`,
    )
}

const own = [
  ['prometheusHeader', 'prometheus-header'],
  ['metric', 'metric'],
  ['slowerThan', 'slower-than'],
] as const

/** Other sources, and options that need spans. */
const others = [
  'series',
  'from',
  'store',
  'server',
  'token',
  'kayenta',
  'audience',
  'scope',
  'interact',
  'stableWindow',
]

function times(text: string): string[] {
  return text.split(',').map((part) => {
    const time = part.trim()
    if (!/^\d+(\.\d+)?(ms|s)$/.test(time)) throw new InvalidArgumentError('Expected times such as 250ms or 250ms,1s.')
    return time
  })
}

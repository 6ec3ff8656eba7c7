import type { PolicyInput } from '@coalmine/comparator'
import { defaultPolicy, parseEffect } from '@coalmine/comparator/defaults'
import { type Command, Option } from 'commander'
import { policyInput } from './comparison.ts'
import type { ComparisonOptions } from './comparison-options.ts'
import { defaultConfig, readConfig } from './config-file.ts'
import { CommandError } from './exit-codes.ts'
import type { SpanSource } from './host.ts'
import { margin, moment, probability, serverOption, storeOption, tokenOption, tracesOption } from './options.ts'

/** Options shared by `plan` and `calibrate`: stable's traffic, the time range and the policy. */
export type StableOptions = SpanSource &
  Pick<ComparisonOptions, 'service' | 'stable' | 'start' | 'end' | 'alpha' | 'margin' | 'config'>

/** Adds the options shared by `plan` and `calibrate`. */
export function addStableOptions(command: Command): Command {
  return command
    .addOption(new Option('--service <name>', 'the service').env('COALMINE_SERVICE'))
    .addOption(
      new Option('--stable <selector>', 'the cohort whose traffic is used, such as service.version=1.9.0').env(
        'COALMINE_STABLE',
      ),
    )
    .addOption(storeOption())
    .addOption(tracesOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .addOption(
      new Option('--start <moment>', 'start of the traffic (default: two hours before its end)')
        .argParser(moment)
        .env('COALMINE_START'),
    )
    .addOption(new Option('--end <moment>', 'end of the traffic').argParser(moment).env('COALMINE_END'))
    .addOption(
      new Option('--alpha <level>', `error level: how often a good canary may FAIL (default: ${defaultPolicy.alpha})`)
        .argParser(probability)
        .env('COALMINE_ALPHA'),
    )
    .addOption(
      new Option('--margin <metric=values>', 'how much worse is acceptable; may be repeated for other metrics')
        .argParser(margin)
        .env('COALMINE_MARGIN'),
    )
    .addOption(
      new Option(
        '--config <file>',
        `a file with the cohorts and what you expect (default: ${defaultConfig}, if it exists)`,
      ).env('COALMINE_CONFIG'),
    )
}

/** Builds the part of a request that plans and calibrations share. */
export async function stableRequest(options: StableOptions): Promise<{
  readonly service: string
  readonly stable: string
  readonly start?: string
  readonly end?: string
  readonly policy: PolicyInput
}> {
  const config = await readConfig(options.config)
  const { start, end } = options
  const required = (name: 'service' | 'stable'): string => {
    const value = options[name] ?? config[name]
    if (value) return value
    throw new CommandError(
      'usage',
      `${name} is missing: give --${name}, COALMINE_${name.toUpperCase()}, or "${name}:" in ${defaultConfig}`,
    )
  }
  return {
    service: required('service'),
    stable: required('stable'),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    policy: await policyInput(options, config.policy),
  }
}

const simulated = ['latency', 'errors', 'client-errors']

/**
 * Returns the regressions to look for: the named ones, otherwise the defaults, limited to metrics that the policy judges.
 */
export async function effectsOf(
  named: readonly string[] | undefined,
  byDefault: readonly string[],
  policy: PolicyInput,
): Promise<readonly string[]> {
  const { parsePolicy } = await import('@coalmine/comparator/configuration')
  const parsed = parsePolicy(policy)
  const metrics = parsed.kind === 'policy' ? parsed.policy.metrics.filter(({ gate }) => gate === 'on') : []
  const isJudged = (effect: string): boolean => metrics.some(({ name }) => name === parseEffect(effect).metric)
  if (!metrics.some(({ name }) => simulated.includes(name))) {
    throw new CommandError(
      'usage',
      `the policy judges none of ${simulated.join(', ')}, the only metrics that can be replayed`,
    )
  }
  const stray = named?.find((effect) => !isJudged(effect))
  if (stray !== undefined) {
    throw new CommandError('usage', `--effect ${stray}: the policy does not judge ${parseEffect(stray).metric}`)
  }
  return named ?? byDefault.filter(isJudged)
}

import { isVerdict } from '@coalmine/client'
import type { ComparisonBody, PolicyInput, Verdict } from '@coalmine/comparator'
import { plannedRamp } from '@coalmine/comparator/answers'
import { metricNameOf } from '@coalmine/comparator/defaults'
import type { ReportContent } from '@coalmine/server'
import { ask, type Server } from './client.ts'
import type { CohortOptions, ComparisonOptions } from './comparison-options.ts'
import { defaultConfig, readConfig } from './config-file.ts'
import { CommandError } from './exit-codes.ts'
import { slosOf } from './slos.ts'

/** Builds a comparison request from flags, then the environment, then the file; `metrics` are added to the file's. */
export async function comparisonRequest(
  options: ComparisonOptions,
  metrics: NonNullable<PolicyInput['metrics']> = {},
): Promise<ComparisonBody> {
  const config = await readConfig(options.config)
  const { stableWindow, interact, since, start, end } = options
  const { traffic = config.traffic, audience = config.audience, scope = config.scope } = options
  const cohorts = named(options, config)
  const { config: configFile } = options
  const slos = await slosOf(config, { ...(configFile !== undefined && { config: configFile }) })
  const slo = slos.filter((one) => one.service === cohorts.service)
  const ramp = plannedRamp(config.rollout?.stages ?? [])
  return {
    ...cohorts,
    ...(slo.length > 0 && { slo, ...(ramp !== undefined && { ramp }) }),
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
    policy: await policyInput(options, withMetrics(config.policy, metrics)),
  }
}

/** Returns the cohorts from flags, then the environment, then the file. */
export async function cohortsOf(options: CohortOptions & { readonly config?: string }): Promise<Cohorts> {
  return named(options, await readConfig(options.config))
}

type Cohorts = Pick<ComparisonBody, 'service' | 'stable' | 'canary'>

function named(options: CohortOptions, config: Partial<Cohorts>): Cohorts {
  const required = (name: 'service' | 'stable' | 'canary'): string => {
    const value = options[name] ?? config[name]
    if (value) return value
    throw new CommandError(
      'usage',
      `${name} is missing: give --${name}, COALMINE_${name.toUpperCase()}, or "${name}:" in ${defaultConfig}`,
    )
  }
  return { service: required('service'), stable: required('stable'), canary: required('canary') }
}

function withMetrics(policy: PolicyInput, metrics: NonNullable<PolicyInput['metrics']>): PolicyInput {
  return Object.keys(metrics).length === 0 ? policy : { ...policy, metrics: { ...metrics, ...policy.metrics } }
}

/** Returns the file's policy with the overrides of flags and the environment. */
export async function policyInput(
  { alpha, margin, split, warmUp }: Pick<ComparisonOptions, 'alpha' | 'margin' | 'split' | 'warmUp'>,
  policy: PolicyInput,
): Promise<PolicyInput> {
  const input = {
    ...policy,
    ...(alpha === undefined ? {} : { alpha }),
    ...(split === undefined ? {} : { split }),
    ...(warmUp === undefined ? {} : { warmUp }),
    ...(margin === undefined ? {} : { metrics: withMargins(policy.metrics, margin) }),
  }
  // The defaults need no check, and the schemas that make it take longer to load than everything else here.
  if (Object.keys(input).length === 0) return input
  const { parsePolicy, problemsText } = await import('@coalmine/comparator/configuration')
  const parsed = parsePolicy(input)
  if (parsed.kind === 'policy') return input
  throw new CommandError('usage', problemsText(parsed.problems))
}

function withMargins(
  metrics: PolicyInput['metrics'] = {},
  margins: Readonly<Record<string, string>>,
): PolicyInput['metrics'] {
  const all = { ...metrics }
  for (const [written, margin] of Object.entries(margins)) {
    // The file or the flag may use the metric's old name.
    const name = Object.keys(all).find((other) => metricNameOf(other) === metricNameOf(written)) ?? written
    const entry = all[name] ?? {}
    all[name] = { ...(typeof entry === 'object' ? entry : { gate: entry }), margin }
  }
  return all
}

/** Asks a server for a verdict. Throws a CommandError if there is none. */
export async function compareOn(server: Server, request: ComparisonBody, signal?: AbortSignal): Promise<Verdict> {
  return ask(server, '/api/compare', isVerdict, { body: request, ...(signal ? { signal } : {}) })
}

/** Asks a server for a verdict and everything shown beside it. Throws a CommandError if there is none. */
export async function compareWithView(
  server: Server,
  request: ComparisonBody,
  signal?: AbortSignal,
): Promise<Pick<ReportContent, 'verdict' | 'view'>> {
  return ask(server, '/api/charts', hasView, { body: request, ...(signal ? { signal } : {}) })
}

const hasView = (answer: object): answer is Pick<ReportContent, 'verdict' | 'view'> =>
  'view' in answer && 'verdict' in answer && isVerdict(Object(answer.verdict))

/** Accepts `flag:x`, as in selectors, or `x`. */
function flagKey(text: string): string {
  return text.replace(/^flag:/, '')
}

/** Splits comma-separated names. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

import { createHash } from 'node:crypto'
import { alwaysJudged, defaultPolicy, type Policy } from './default-policy.ts'
import { metricNameOf } from './measure.ts'
import { type MetricPolicy, MetricProblem, metricPolicyOf } from './metric-policy.ts'
import { type GateInput, type MetricInput, metricSchema } from './metric-schema.ts'
import type { Mode } from './mode.ts'
import { expectedInstead, type PolicyProblem, policySchema, problemsOf } from './policy-schema.ts'

export { defaultPolicy, type Policy } from './default-policy.ts'

/** A policy as written in `coalmine.yaml` or in a request; every key is optional. */
export interface PolicyInput {
  readonly alpha?: number | undefined
  readonly alphaPass?: number | undefined
  readonly split?: string | number | undefined
  readonly minimumShare?: string | number | undefined
  readonly warmUp?: string | number | undefined
  readonly mode?: Mode | undefined
  readonly randomised?: boolean | undefined
  readonly metrics?: Readonly<Record<string, MetricInput | GateInput>> | undefined
}

/** A policy with its defaults, or every problem with it. */
export type PolicyResult =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }

/**
 * Validates a policy from outside and fills in the defaults.
 *
 * @example parsePolicy({ alpha: 0.01, metrics: { latency: { margin: '5%,1ms' } } }) // { kind: 'policy', policy: { alpha: 0.01, ... } }
 */
export function parsePolicy(input: unknown): PolicyResult {
  const parsed = policySchema.safeParse(input ?? {}, { error: expectedInstead })
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue))
    return { kind: 'problems', problems: [...problems, ...metricsOf(soundMetrics(input)).problems] }
  }
  const { metrics: written = {}, ...rest } = parsed.data
  const { metrics, problems } = metricsOf(written)
  if (problems.length > 0) return { kind: 'problems', problems }
  return { kind: 'policy', policy: { ...defaultPolicy, ...given(rest), metrics } }
}

/** The metrics that satisfy the schema, so that problems inside them are reported together with the rest. */
function soundMetrics(input: unknown): Readonly<Record<string, MetricInput | GateInput>> {
  const { metrics } = input as { metrics?: unknown }
  if (typeof metrics !== 'object' || metrics === null) return {}
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, entry]) => {
      const sound = metricSchema.safeParse(entry)
      return sound.success ? [[name, sound.data]] : []
    }),
  )
}

interface Entry {
  readonly writtenAs: string
  readonly entry: MetricInput | GateInput
}

function metricsOf(written: Readonly<Record<string, MetricInput | GateInput>>): {
  readonly metrics: readonly MetricPolicy[]
  readonly problems: readonly PolicyProblem[]
} {
  const entries = new Map<string, Entry>([...alwaysJudged].map(([name, entry]) => [name, { writtenAs: name, entry }]))
  const metrics: MetricPolicy[] = []
  const problems: PolicyProblem[] = []
  for (const [writtenAs, entry] of Object.entries(written)) {
    const name = metricNameOf(writtenAs)
    if (name !== writtenAs && Object.hasOwn(written, name))
      problems.push({
        path: ['metrics', writtenAs],
        message: `an old name of ${name}, which is there too: leave it out`,
      })
    else entries.set(name, { writtenAs, entry })
  }
  for (const [name, { writtenAs, entry }] of entries) {
    try {
      metrics.push(metricPolicyOf(name, entry))
    } catch (error) {
      if (!(error instanceof MetricProblem)) throw error
      problems.push({ path: ['metrics', writtenAs, ...error.path], message: error.message })
    }
  }
  return { metrics, problems }
}

/** Hash of a policy: two verdicts with the same hash were judged by the same rules. */
export function policyHash(policy: Policy): string {
  return createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 16)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  type GateInput,
  type MetricInput,
  type MetricPolicy,
  MetricProblem,
  metricKeys,
  metricPolicyOf,
  metricSchema,
} from './metric-policy.ts'

/** What is judged and how strictly. */
export interface Policy {
  /** Chance that a canary no worse than the margin is failed, over all findings and however many looks. */
  readonly alpha: number
  /** Chance that a canary worse than the margin is passed, for each finding. */
  readonly alphaPass: number
  /** The canary's declared share of the traffic, between 0 and 1; without it lost requests are not judged. */
  readonly split: number | null
  /** Operations with at least this share of the stable traffic are judged each, smaller ones together. */
  readonly minimumShare: number
  /** How many seconds of each instance's life are left out of latency, never of errors. */
  readonly warmUp: number
  /** Every metric that was named, and those that are judged unless they are turned off. Names differ. */
  readonly metrics: readonly MetricPolicy[]
}

/** Judged unless they are turned off; lost requests where a split is declared. */
const always = ['latency', 'errors', '4xx', 'lost-requests'] as const

export const defaultPolicy: Policy = {
  alpha: 0.05,
  alphaPass: 0.05,
  split: null,
  minimumShare: 0.05,
  warmUp: 60,
  metrics: always.map((name) => metricPolicyOf(name, {})),
}

/** A policy as people write it, in `coalmine.yaml` or in a request: every key may be left out. */
export interface PolicyInput {
  readonly alpha?: number | undefined
  readonly alphaPass?: number | undefined
  readonly split?: string | number | undefined
  readonly minimumShare?: string | number | undefined
  readonly warmUp?: string | number | undefined
  readonly metrics?: Readonly<Record<string, MetricInput | GateInput>> | undefined
}

const level = z.number().gt(0).lt(1)
const share = z.union([z.string(), z.number()]).transform((value, context) => {
  const text = String(value)
  const number = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  if (text.trim() !== '' && number > 0 && number < 1) return number
  context.addIssue({
    code: 'custom',
    message: `expected a share between 0 and 1 or a percentage such as 50%, got ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

const seconds = z.union([z.string(), z.number()]).transform((value, context) => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(String(value)) ?? []
  if (number !== undefined) return Number(number) * { s: 1, m: 60, h: 3600 }[(unit ?? 's') as 's' | 'm' | 'h']
  context.addIssue({
    code: 'custom',
    message: `expected a length of time such as 60s or 2m, got ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

const policySchema = z.strictObject({
  alpha: level.optional(),
  alphaPass: level.optional(),
  split: share.optional(),
  minimumShare: share.optional(),
  warmUp: seconds.optional(),
  metrics: z.record(z.string(), metricSchema).optional(),
})

/** Where a policy is wrong: the key's path, and what was expected there. */
export interface PolicyProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export type PolicyResult =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }

/**
 * Checks a policy that came from outside and fills in the defaults.
 *
 * @example parsePolicy({ alpha: 0.01, metrics: { latency: { margin: '5%,1ms' } } }) // { kind: 'policy', policy: { alpha: 0.01, ... } }
 */
export function parsePolicy(input: unknown): PolicyResult {
  const parsed = policySchema.safeParse(input ?? {})
  if (!parsed.success) return { kind: 'problems', problems: parsed.error.issues.flatMap((issue) => problemsOf(issue)) }
  const { metrics: written = {}, ...rest } = parsed.data
  const entries = { ...Object.fromEntries(always.map((name) => [name, {}])), ...written }
  const metrics: MetricPolicy[] = []
  const problems: PolicyProblem[] = []
  for (const [name, entry] of Object.entries(entries)) {
    try {
      metrics.push(metricPolicyOf(name, entry))
    } catch (error) {
      if (!(error instanceof MetricProblem)) throw error
      problems.push({ path: ['metrics', name, ...error.path], message: error.message })
    }
  }
  if (problems.length > 0) return { kind: 'problems', problems }
  return { kind: 'policy', policy: { ...defaultPolicy, ...given(rest), metrics } }
}

/** Names a policy: two verdicts with the same hash were judged by the same rules. */
export function policyHash(policy: Policy): string {
  return createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 16)
}

function problemsOf(issue: z.core.$ZodIssue, above: readonly (string | number)[] = []): PolicyProblem[] {
  const path = [...above, ...issue.path.filter((key): key is string | number => typeof key !== 'symbol')]
  if (issue.code === 'unrecognized_keys') {
    const known = path[0] === 'metrics' ? metricKeys : Object.keys(defaultPolicy)
    return issue.keys.map((key) => ({
      path: [...path, key],
      // What YAML makes of a margin's second half inside { }.
      message: /^\d/.test(key)
        ? 'inside { } a margin of two halves needs quotes, such as "5%,1ms"'
        : `unknown key; expected one of ${known.join(', ')}`,
    }))
  }
  if (issue.code === 'invalid_union') {
    // Of the forms that a value may have, the one that was meant is the one that is wrong somewhere inside.
    const inside = issue.errors.find((issues) =>
      issues.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
    )
    if (inside) return inside.flatMap((one) => problemsOf(one, path))
    if (path[0] === 'metrics' && path.length === 2)
      return [{ path, message: `expected true, advisory, off, or keys such as margin` }]
  }
  return [{ path, message: issue.message }]
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

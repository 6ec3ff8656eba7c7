import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Margins, type Metric, metrics, parseMargin } from './margin.ts'

/** What is judged and how strictly. */
export interface Policy {
  /** Chance that a canary no worse than the margin is failed, over all findings and however many looks. */
  readonly alpha: number
  /** Chance that a canary worse than the margin is passed, for each finding. */
  readonly alphaPass: number
  readonly margins: Margins
  /** The canary's declared share of the traffic, between 0 and 1; without it lost requests are not judged. */
  readonly split: number | null
  /** Operations with at least this share of the stable traffic are judged each, smaller ones together. */
  readonly minimumShare: number
  /** The metrics that are judged. */
  readonly metrics: readonly Metric[]
}

export const defaultPolicy: Policy = {
  alpha: 0.05,
  alphaPass: 0.05,
  margins: {
    latency: { ratio: 0.1, seconds: 0.002 },
    errors: { oddsRatio: 1.5, difference: 0.001 },
    '4xx': { oddsRatio: 1.5, difference: 0.001 },
    'lost-requests': { ratio: 0.05 },
  },
  split: null,
  minimumShare: 0.05,
  metrics,
}

/** A policy as people write it, in `coalmine.yaml` or in a request: every key may be left out. */
export interface PolicyInput {
  readonly alpha?: number | undefined
  readonly alphaPass?: number | undefined
  readonly margins?: Partial<Record<Metric, string | undefined>> | undefined
  readonly split?: string | number | undefined
  readonly minimumShare?: string | number | undefined
  readonly metrics?: readonly Metric[] | undefined
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

function margin<M extends Metric>(metric: M): z.ZodType<Margins[M] | undefined> {
  return z
    .string()
    .transform((text, context): Margins[M] => {
      try {
        return parseMargin(metric, text, '')
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message.replace(/^: /, '') })
        return z.NEVER
      }
    })
    .optional()
}

const policySchema = z.strictObject({
  alpha: level.optional(),
  alphaPass: level.optional(),
  margins: z
    .strictObject({
      latency: margin('latency'),
      errors: margin('errors'),
      '4xx': margin('4xx'),
      'lost-requests': margin('lost-requests'),
    })
    .optional(),
  split: share.optional(),
  minimumShare: share.optional(),
  metrics: z
    .array(z.enum(['latency', 'errors', '4xx', 'lost-requests']))
    .min(1)
    .optional(),
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
 * @example parsePolicy({ alpha: 0.01, margins: { latency: '5%,1ms' } }) // { kind: 'policy', policy: { alpha: 0.01, ... } }
 */
export function parsePolicy(input: unknown): PolicyResult {
  const parsed = policySchema.safeParse(input ?? {})
  if (!parsed.success) {
    return {
      kind: 'problems',
      problems: parsed.error.issues.flatMap(problemsOf),
    }
  }
  const { margins, ...rest } = parsed.data
  return {
    kind: 'policy',
    policy: { ...defaultPolicy, ...given(rest), margins: { ...defaultPolicy.margins, ...given(margins ?? {}) } },
  }
}

/** Names a policy: two verdicts with the same hash were judged by the same rules. */
export function policyHash(policy: Policy): string {
  return createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 16)
}

function problemsOf(issue: z.core.$ZodIssue): PolicyProblem[] {
  const path = issue.path.filter((key): key is string | number => typeof key !== 'symbol')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  const known = Object.keys(path[0] === 'margins' ? defaultPolicy.margins : defaultPolicy)
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: `unknown key; expected one of ${known.join(', ')}`,
  }))
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

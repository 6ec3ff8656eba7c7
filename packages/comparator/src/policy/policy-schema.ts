import { z } from 'zod'
import { closest } from './closest.ts'
import { type GateInput, type MetricInput, metricKeys, metricSchema } from './metric-schema.ts'
import { type Mode, modeSchema } from './mode.ts'

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

const policy = z.strictObject({
  alpha: level.optional().describe('Chance of failing a good canary, over all findings and looks. Default 0.05.'),
  alphaPass: level.optional().describe('Chance of passing a bad canary, for each finding. Default 0.05.'),
  split: share
    .optional()
    .describe("The canary's declared share of traffic, such as 10%. With it lost requests are judged."),
  minimumShare: share
    .optional()
    .describe(
      'Operations with at least this share of the traffic are judged one by one, smaller ones together. Default 5%.',
    ),
  warmUp: seconds.optional().describe('How long each instance is left out of latency after its start. Default 60s.'),
  randomised: z
    .boolean()
    .optional()
    .describe(
      'true where a targeting rule contains a percentage rollout, so that users were drawn at random. Default false.',
    ),
  mode: modeSchema
    .optional()
    .describe('sequential: look as often as you like. fixed: look once, at the end. Default sequential.'),
  metrics: z
    .record(z.string(), metricSchema)
    .optional()
    .describe(
      'latency, errors, client-errors and lost-requests are judged unless they are off; other metrics only if they are listed. inner-errors is advisory unless it is listed.',
    ),
})

/** A policy as parsed: durations and shares are numbers, and omitted keys are absent. */
interface PolicyRead {
  readonly alpha?: number | undefined
  readonly alphaPass?: number | undefined
  readonly split?: number | undefined
  readonly minimumShare?: number | undefined
  readonly warmUp?: number | undefined
  readonly randomised?: boolean | undefined
  readonly mode?: Mode | undefined
  readonly metrics?: Readonly<Record<string, MetricInput | GateInput>> | undefined
}

/** Schema of a policy as written. `metricPolicyOf` checks which keys of a metric go together. */
export const policySchema: z.ZodType<PolicyRead> = policy

/** The keys of a policy, each with its schema. */
export const policyShape: Readonly<Record<string, z.ZodType>> = policy.shape

/** A problem in a policy: the key's path, and what was expected there. */
export interface PolicyProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * Formats problems for people, one per line.
 *
 * @example problemsText([{ path: ['alpha'], message: 'expected a number below 1, got 5' }]) // 'alpha: expected a number below 1, got 5'
 */
export function problemsText(problems: readonly PolicyProblem[]): string {
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')
}

/** "expected ..., got ...", for issues for which the schema has no message of its own. */
export function expectedInstead(issue: z.core.$ZodRawIssue): string | undefined {
  const got = `got ${JSON.stringify(issue.input)}`
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${{ string: 'text', number: 'a number', boolean: 'true or false', record: 'keys and values' }[issue.expected as string] ?? issue.expected}, ${got}`
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}, ${got}`
    case 'too_small':
      return issue.origin === 'string'
        ? `expected text, ${got}`
        : `expected a number ${issue.inclusive ? 'of at least' : 'above'} ${issue.minimum}, ${got}`
    case 'too_big':
      return `expected a number ${issue.inclusive ? 'of at most' : 'below'} ${issue.maximum}, ${got}`
    default:
      return undefined
  }
}

/** Turns the issues of a schema into problems; for an unknown key it suggests the closest known one. */
export function problemsOf(
  issue: z.core.$ZodIssue,
  above: PolicyProblem['path'] = [],
  knownKeys: readonly string[] = Object.keys(policyShape),
): PolicyProblem[] {
  const path = [...above, ...issue.path.filter((key): key is string | number => typeof key !== 'symbol')]
  if (issue.code === 'unrecognized_keys') {
    const known = path[0] === 'metrics' ? metricKeys : knownKeys
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }))
  }
  if (issue.code === 'invalid_union') {
    // Of the alternatives of a union, the intended one is the one with an issue deeper inside.
    const inside = issue.errors.find((issues) =>
      issues.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
    )
    if (inside) return inside.flatMap((one) => problemsOf(one, path, knownKeys))
  }
  return [{ path, message: issue.message }]
}

/** The message for an unknown key: suggests the closest known key, or lists all of them. */
export function unknownKey(key: string, known: readonly string[]): string {
  // YAML reads the second half of an unquoted margin inside { } as a key.
  if (/^\d/.test(key)) return 'inside { } a margin of two halves needs quotes, such as "5%,1ms"'
  const meant = closest(key, known)
  return meant ? `unknown key; did you mean ${meant}?` : `unknown key; expected one of ${known.join(', ')}`
}

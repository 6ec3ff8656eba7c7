import { z } from 'zod'
import type { Slo } from '../budget/slo.ts'
import { expectedInstead, type PolicyProblem, problemsOf } from './policy-schema.ts'

/** An objective as written in `coalmine.yaml`. */
export interface SloInput {
  readonly name?: string | undefined
  readonly service?: string | undefined
  readonly journeys?: readonly string[] | 'service' | 'each' | undefined
  readonly objective: string | number
  readonly window?: string | undefined
  readonly latency?: string | undefined
  readonly critical?: boolean | undefined
  readonly expect?: string | number | undefined
}

/** An objective as parsed, before defaults: times are seconds, shares are numbers. */
interface SloRead {
  readonly name?: string | undefined
  readonly service?: string | undefined
  readonly journeys?: readonly string[] | 'service' | 'each' | undefined
  readonly objective: number
  readonly window?: number | undefined
  readonly latency?: number | undefined
  readonly critical?: boolean | undefined
  readonly expect?: number | undefined
}

const units = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const

/** Parses a duration such as `30d` or `300ms` into seconds; undefined if invalid. */
export function secondsOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * units[unit as keyof typeof units]
}

/** Parses a share such as `99.9%` or `0.999`; undefined if invalid. */
export function shareOf(written: string | number): number | undefined {
  const text = String(written).trim()
  const number = text.endsWith('%') ? Number((Number(text.slice(0, -1)) / 100).toPrecision(12)) : Number(text)
  return text !== '' && number > 0 && number < 1 ? number : undefined
}

const text = (what: string): z.ZodType<string> =>
  z
    .string({ error: ({ input }) => `expected ${what}, got ${JSON.stringify(input)}` })
    .min(1, `expected ${what}, got ""`)

const share = (what: string): z.ZodType<number, string | number> =>
  z
    .union([z.string(), z.number()], { error: ({ input }) => `expected ${what}, got ${JSON.stringify(input)}` })
    .transform((value, context) => {
      const found = shareOf(value)
      if (found !== undefined) return found
      context.addIssue({ code: 'custom', message: `expected ${what}, got ${JSON.stringify(value)}` })
      return z.NEVER
    })

const time = (what: string, least: number, most: number): z.ZodType<number, string> =>
  z.string({ error: ({ input }) => `expected ${what}, got ${JSON.stringify(input)}` }).transform((value, context) => {
    const found = secondsOf(value)
    if (found !== undefined && found >= least && found <= most) return found
    context.addIssue({ code: 'custom', message: `expected ${what}, got ${JSON.stringify(value)}` })
    return z.NEVER
  })

const hour = 3_600
const longestWindow = 90 * 24 * hour

const slo = z.strictObject({
  name: text('a name').optional().describe("Its name. Default: the service's name."),
  service: text('the name of a service')
    .optional()
    .describe('The service that it is for. Default: the one of this file.'),
  journeys: z
    .union([z.enum(['service', 'each']), z.array(text('an operation such as GET /cart')).min(1)], {
      error: ({ input }) =>
        `expected operations such as [GET /cart, POST /checkout], service or each, got ${JSON.stringify(input)}`,
    })
    .optional()
    .describe(
      'Operations with a budget of their own. service, the default: one budget for all requests. each: one for every operation.',
    ),
  objective: share('a share of good requests below 100 %, such as 99.9%').describe(
    'The share of requests that must be good, such as 99.9%.',
  ),
  window: time('a length of time from 1h to 90d, such as 30d', hour, longestWindow)
    .optional()
    .describe('The period that the objective covers; it ends now. From 1h to 90d. Default 30d.'),
  latency: time('a latency such as 300ms', 0.000_1, hour)
    .optional()
    .describe('Requests slower than this are bad, as errors are. Without it, only errors are bad.'),
  critical: z
    .boolean({ error: ({ input }) => `expected true or false, got ${JSON.stringify(input)}` })
    .optional()
    .describe('Whether somebody is woken for these journeys. Default false.'),
  expect: share('a share of the budget such as 0.5%')
    .optional()
    .describe("How much of the window's budget one release may cost, such as 0.5%. The verdict says whether it holds."),
})

/** Schema of `slo:` in a `coalmine.yaml`: objectives, or the name of an OpenSLO file. */
export const sloSchema: z.ZodType<readonly SloRead[] | string> = z
  .union([z.array(slo).min(1), text('objectives, or the name of an OpenSLO file')], {
    error: ({ input }) =>
      `expected a list of objectives, such as - objective: 99.9%, or the name of an OpenSLO file, got ${JSON.stringify(input)}`,
  })
  .describe('Objectives whose error budgets are reported, or the name of an OpenSLO file.')

/** Objectives as parsed, and as written with their services; or the file that contains them; or every problem with them. */
export type SlosRead =
  | { readonly kind: 'slos'; readonly slos: readonly Slo[]; readonly inputs: readonly SloInput[] }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }

/**
 * Validates objectives from outside and fills in the defaults.
 *
 * @param service the service of an objective that names none.
 * @example readSlos([{ objective: '99.9%', journeys: ['GET /cart'] }], 'storefront') // { kind: 'slos', slos: [{ objective: 0.999, ... }], ... }
 */
export function readSlos(input: unknown, service: string | undefined): SlosRead {
  if (input === undefined) return { kind: 'slos', slos: [], inputs: [] }
  const parsed = sloSchema.safeParse(input, { error: expectedInstead })
  if (!parsed.success)
    return { kind: 'problems', problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, ['slo'], sloKeys)) }
  if (typeof parsed.data === 'string') return { kind: 'file', file: parsed.data }
  const problems: PolicyProblem[] = []
  const slos = parsed.data.map((one, at): Slo => {
    const owner = one.service ?? service
    if (owner === undefined)
      problems.push({ path: ['slo', at], message: 'expected service: the service that it is for, here or at the top' })
    return {
      name: one.name ?? owner ?? '',
      service: owner ?? '',
      journeys: one.journeys ?? 'service',
      objective: one.objective,
      windowSeconds: one.window ?? 30 * 24 * hour,
      latencySeconds: one.latency ?? null,
      critical: one.critical ?? false,
      expect: one.expect ?? null,
    }
  })
  slos.forEach(({ name }, at) => {
    if (slos.findIndex((other) => other.name === name) < at)
      problems.push({
        path: ['slo', at],
        message: `another objective is already called ${name}: give this one another name`,
      })
  })
  if (problems.length > 0) return { kind: 'problems', problems }
  const inputs = (input as readonly SloInput[]).map((one, at) => ({ ...one, service: slos[at]!.service }))
  return { kind: 'slos', slos, inputs }
}

/** The keys of an objective. */
const sloKeys: readonly string[] = Object.keys(slo.shape)

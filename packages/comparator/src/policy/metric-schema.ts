import { z } from 'zod'

/** The claim about a metric. `worse-by-at-most` is a deliberate trade-off: its margin must be given. */
export type Expect = 'no-worse' | 'better' | 'same' | 'worse-by-at-most'

/** Whether a metric decides: `advisory` metrics are judged and reported but change no verdict; `off` metrics are not judged. */
export type Gate = 'on' | 'advisory' | 'off'

/** A metric as written under `metrics:`; every key is optional. */
export interface MetricInput {
  readonly attribute?: string | undefined
  readonly reduce?: 'sum' | 'max' | undefined
  readonly calls?: string | undefined
  readonly share?: string | undefined
  readonly expect?: Expect | undefined
  readonly worse?: 'higher' | 'lower' | undefined
  readonly margin?: string | undefined
  readonly gate?: GateInput | undefined
  readonly weight?: number | undefined
  readonly critical?: boolean | undefined
  readonly reason?: string | undefined
}

/** A gate as written in a policy. */
export type GateInput = boolean | Gate

const gate = z
  .union([z.boolean(), z.enum(['on', 'advisory', 'off'])], {
    error: ({ input }) => `expected true, advisory or off, got ${JSON.stringify(input)}`,
  })
  .describe('true: decides. advisory: judged and reported, but decides nothing. off: not judged. Default true.')

const keys = z.strictObject({
  attribute: z
    .string()
    .min(1)
    .optional()
    .describe('A numeric span attribute, such as app.cost: one value for each request and operation.'),
  reduce: z.enum(['sum', 'max']).optional().describe('How several values in one request are combined. Default sum.'),
  calls: z.string().min(1).optional().describe('How many spans below each request match this selector.'),
  share: z.string().min(1).optional().describe('The share of requests that match this selector.'),
  expect: z
    .enum(['no-worse', 'better', 'same', 'worse-by-at-most'])
    .optional()
    .describe('What you expect of the canary; the verdict says whether it holds. Default no-worse.'),
  worse: z.enum(['higher', 'lower']).optional().describe('Which direction is worse. Default higher.'),
  margin: z
    .string({ error: ({ input }) => `expected text such as 10%,2ms or 1.5,0.1pp or 5%, got ${JSON.stringify(input)}` })
    .optional()
    .describe('latency: 10%,2ms. Rates: 1.5,0.1pp (odds ratio, points). Others: 5%.'),
  gate: gate.optional(),
  weight: z.number().gt(0).optional().describe('Its share of alpha, relative to the other metrics. Default 1.'),
  critical: z.boolean().optional().describe('Gets four times the share of alpha, and its FAIL is named first.'),
  reason: z.string().min(1).optional().describe('Why, in your own words; the verdict repeats it.'),
})

/** A metric's entry: an object with its keys, or only its gate, as in `client-errors: off`. */
export const metricSchema: z.ZodType<MetricInput | GateInput> = z.union([gate, keys], {
  error: 'expected true, advisory, off, or keys such as margin',
})

/** The keys of a metric's entry. */
export const metricKeys: readonly string[] = Object.keys(keys.shape)

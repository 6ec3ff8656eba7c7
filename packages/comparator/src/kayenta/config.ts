import { z } from 'zod'

/** One metric of a canary config: Kayenta's settings for it, defaults filled in. */
export interface KayentaMetric {
  readonly name: string
  readonly groups: readonly string[]
  /** The Coalmine series it is judged on, as named in the config: `query.coalmine`, else the metric's name. */
  readonly source: string
  /** The operation of the series: `query.operation`; null for the whole service. */
  readonly operation: string | null
  readonly direction: 'increase' | 'decrease' | 'either'
  readonly nanStrategy: 'remove' | 'replace'
  readonly critical: boolean
  readonly mustHaveData: boolean
  readonly muted: boolean
  /** Points beyond `factor` interquartile ranges are left out; null keeps them. */
  readonly outliers: { readonly factor: number } | null
  readonly effectSize: {
    readonly measure: 'meanRatio' | 'cles'
    readonly allowedIncrease: number
    readonly allowedDecrease: number
    readonly criticalIncrease: number
    readonly criticalDecrease: number
  }
}

/** The parts of a canary config that Kayenta's judge needs. */
export interface KayentaConfig {
  readonly metrics: readonly KayentaMetric[]
  readonly groupWeights: Readonly<Record<string, number>>
  /** Scores from which a canary passes, or is marginal. */
  readonly thresholds: { readonly pass: number; readonly marginal: number }
}

const oneOf = (...values: readonly [string, ...string[]]) =>
  z.string().transform((text, context) => {
    const found = values.find((value) => value.toLowerCase() === text.toLowerCase())
    if (found !== undefined) return found
    context.addIssue({ code: 'custom', message: `expected one of ${values.join(', ')}, got ${JSON.stringify(text)}` })
    return z.NEVER
  })

// Kayenta silently ignores unknown settings; here they are errors.
const settings = z.strictObject({
  direction: oneOf('either', 'increase', 'decrease').default('either'),
  nanStrategy: oneOf('none', 'remove', 'replace').default('none'),
  critical: z.boolean().default(false),
  mustHaveData: z.boolean().default(false),
  muted: z.boolean().default(false),
  outliers: z
    .strictObject({
      strategy: oneOf('none', 'keep', 'remove').default('none'),
      outlierFactor: z.number().gt(0).default(3),
    })
    .prefault({}),
  effectSize: z
    .strictObject({
      measure: oneOf('meanRatio', 'cles').default('meanRatio'),
      allowedIncrease: z.number().optional(),
      allowedDecrease: z.number().optional(),
      criticalIncrease: z.number().optional(),
      criticalDecrease: z.number().optional(),
    })
    .prefault({}),
})

const metricSchema = z.object({
  name: z.string().min(1),
  groups: z.array(z.string()).default([]),
  query: z.object({ coalmine: z.string().optional(), operation: z.string().optional() }).default({}),
  analysisConfigurations: z.object({ canary: settings.prefault({}) }).prefault({}),
})

const thresholds = z.object({ pass: z.number(), marginal: z.number() })

const configSchema = z.object({
  metrics: z.array(metricSchema).min(1),
  classifier: z
    .object({ groupWeights: z.record(z.string(), z.number()).default({}), scoreThresholds: thresholds.optional() })
    .prefault({}),
})

/** A request for an ad-hoc canary has separate config and thresholds. */
const requestSchema = z.object({
  canaryConfig: configSchema,
  executionRequest: z.object({ thresholds: thresholds.optional() }).optional(),
})

/** Kayenta's documentation suggests these. */
const suggested = { pass: 95, marginal: 75 }

/**
 * Reads a parsed Kayenta canary config, or a request that contains one. Settings for Kayenta's metrics stores are
 * ignored.
 *
 * @param at names the config in errors, such as its file.
 * @throws {RangeError} naming each invalid key, and what was expected there.
 * @example parseKayenta({ metrics: [{ name: 'error-rate' }] }, 'canary.json').thresholds // { pass: 95, marginal: 75 }
 */
export function parseKayenta(content: unknown, at: string): KayentaConfig {
  const wrapped = typeof content === 'object' && content !== null && 'canaryConfig' in content
  const parsed = wrapped
    ? requestSchema
        .transform(({ canaryConfig, executionRequest }) => ({ ...canaryConfig, given: executionRequest?.thresholds }))
        .safeParse(content)
    : configSchema.transform((config) => ({ ...config, given: undefined })).safeParse(content)
  if (!parsed.success)
    throw new RangeError(parsed.error.issues.map((issue) => `${at}: ${problemText(issue)}`).join('\n'))
  const { metrics, classifier, given } = parsed.data
  return {
    metrics: metrics.map(metricOf),
    groupWeights: classifier.groupWeights,
    thresholds: given ?? classifier.scoreThresholds ?? suggested,
  }
}

function metricOf({ name, groups, query, analysisConfigurations }: z.infer<typeof metricSchema>): KayentaMetric {
  const { outliers, effectSize, nanStrategy, direction, ...flags } = analysisConfigurations.canary
  const measure = effectSize.measure as KayentaMetric['effectSize']['measure']
  const neutral = measure === 'cles' ? 0.5 : 1
  return {
    name,
    groups,
    source: query.coalmine ?? name,
    operation: query.operation ?? null,
    direction: direction as KayentaMetric['direction'],
    nanStrategy: nanStrategy === 'replace' ? 'replace' : 'remove',
    ...flags,
    outliers: outliers.strategy === 'remove' ? { factor: outliers.outlierFactor } : null,
    effectSize: {
      measure,
      allowedIncrease: effectSize.allowedIncrease ?? neutral,
      allowedDecrease: effectSize.allowedDecrease ?? neutral,
      criticalIncrease: effectSize.criticalIncrease ?? neutral,
      criticalDecrease: effectSize.criticalDecrease ?? neutral,
    },
  }
}

function problemText(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  const where = path.replace(/^\./, '')
  return where === '' ? issue.message : `${where}: ${issue.message}`
}

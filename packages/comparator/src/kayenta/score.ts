import type { KayentaClassification } from './classify.ts'
import type { KayentaConfig } from './config.ts'

/** A metric with its groups, as the score needs it. */
export interface Scored extends Pick<KayentaClassification, 'label' | 'critical'> {
  readonly name: string
  readonly groups: readonly string[]
  readonly muted: boolean
}

/** A group of metrics and its part of the score. */
export interface KayentaGroup {
  readonly name: string
  /** Share of its metrics that pass, in per cent; null if none has data, which counts as 100. */
  readonly score: number | null
  readonly weight: number
}

/** The score of a canary, from 0 to 100, and how it was computed. */
export interface KayentaScore {
  /** From 0 to 100. */
  readonly score: number
  readonly classification: 'Pass' | 'Marginal' | 'Fail'
  readonly groups: readonly KayentaGroup[]
  /** Why the score is zero whatever the groups say; null otherwise. */
  readonly reason: string | null
}

/**
 * The score of a canary: the weighted mean of its groups' scores; zero when a critical metric does not pass, or half of the
 * metrics or more have no data. Groups without a weight share what the weights leave of 100, which may be less than nothing.
 *
 * @example scoreOf([{ name: 'errors', label: 'High', groups: ['err'], critical: false, muted: false }], config).score // 0
 */
export function scoreOf(
  metrics: readonly Scored[],
  { groupWeights, thresholds }: Pick<KayentaConfig, 'groupWeights' | 'thresholds'>,
): KayentaScore {
  const counted = metrics.filter((metric) => !metric.muted)
  const groups = groupsOf(counted, groupWeights)
  const critical = counted.find((metric) => metric.critical && metric.label !== 'Pass')
  const empty = counted.filter((metric) => metric.label === 'Nodata').length
  const reason = critical
    ? `the critical metric ${critical.name} is ${critical.label}`
    : empty > 0 && empty >= counted.length / 2
      ? `${empty} of ${counted.length} metrics have no data`
      : null
  const score =
    reason === null ? rounded(groups.reduce((sum, one) => sum + ((one.score ?? 100) * one.weight) / 100, 0)) : 0
  return {
    score,
    classification: score >= thresholds.pass ? 'Pass' : score >= thresholds.marginal ? 'Marginal' : 'Fail',
    groups,
    reason,
  }
}

function groupsOf(metrics: readonly Scored[], weights: Readonly<Record<string, number>>): KayentaGroup[] {
  const names = [...new Set(metrics.flatMap((metric) => metric.groups))]
  const unweighted = names.filter((name) => !Object.hasOwn(weights, name)).length
  const left = 100 - Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  return names.map((name) => {
    const labels = metrics.filter(({ groups }) => groups.includes(name)).map(({ label }) => label)
    const withData = labels.filter((label) => label !== 'Nodata').length
    const passed = labels.filter((label) => label === 'Pass').length
    return {
      name,
      score: withData === 0 ? null : (100 * passed) / withData,
      weight: Object.hasOwn(weights, name) ? weights[name]! : left / unweighted,
    }
  })
}

/** To two decimals, halves away from zero. */
function rounded(score: number): number {
  return (Math.sign(score) * Math.round(Math.abs(score) * 100 + 1e-9)) / 100
}

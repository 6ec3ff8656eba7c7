import { classify, type KayentaClassification } from './classify.ts'
import type { KayentaConfig } from './config.ts'
import { type KayentaScore, scoreOf } from './score.ts'

/** One metric's points in both arms, in chronological order; a point without a value is NaN. */
export interface KayentaSeries {
  /** The metric's name in the config. */
  readonly name: string
  readonly stable: readonly number[]
  readonly canary: readonly number[]
}

/** One metric as Kayenta classifies it, with its groups. */
export interface KayentaFinding extends Omit<KayentaClassification, 'critical'> {
  readonly name: string
  readonly groups: readonly string[]
  readonly muted: boolean
  /** Whether it fails the canary by itself. */
  readonly critical: boolean
}

/** The result of Kayenta's NetflixACAJudge on these series, and why. */
export interface KayentaResult extends KayentaScore {
  readonly metrics: readonly KayentaFinding[]
  readonly thresholds: KayentaConfig['thresholds']
}

/**
 * Judges like Kayenta: a two-sided Mann-Whitney test at 98 % on each metric's points, then a score. Valid for one look:
 * if repeated as points come in, it fails a good canary more often than stated.
 *
 * @throws {RangeError} when a metric of the config has no series.
 * @example judgeAsKayenta(parseKayenta(json, 'canary.json'), [{ name: 'latency', stable, canary }]).classification // 'Pass'
 */
export function judgeAsKayenta(config: KayentaConfig, series: readonly KayentaSeries[]): KayentaResult {
  const metrics = config.metrics.map((metric): KayentaFinding => {
    const points = series.find(({ name }) => name === metric.name)
    if (!points) throw new RangeError(`metric ${metric.name}: expected a series of that name`)
    const { name, groups, muted } = metric
    return { name, groups, muted, ...classify(points, metric) }
  })
  return { ...scoreOf(metrics, config), metrics, thresholds: config.thresholds }
}

import { describe, expect, it } from 'vitest'
import { classify } from './classify.ts'
import { type KayentaMetric, parseKayenta } from './config.ts'

type Settings = Readonly<Record<string, unknown>>

function metricWith(canary: Settings): KayentaMetric {
  return parseKayenta({ metrics: [{ name: 'm', analysisConfigurations: { canary } }] }, 'test').metrics[0]!
}

const ten = [10, 10, 10, 10, 10]
const one = [1, 1, 1, 1, 1]
const none: readonly number[] = []
const twenties = [20, 22, 21, 25, 30]
const small = [1, 2.2, 1.1, 2.5, 3]
const fifties = [54.9, 54.5, 55.1, 55.6, 57.4]
const zeros = [0, 0, 0, 0, 0]
const ascending = [1, 2, 3, 4, 5]
const errors = [0.05, 0.05, 0.0167, 0.0167, 0.0167, 0.05, 0.0333, 0.0501, 0.0501, 0.1333]

// What Kayenta's own tests of its classifier expect, at their tolerance of 0.1 and confidence of 95 %.
describe('answers as the original does in its tests', () => {
  it.each<[string, readonly number[], readonly number[], Settings, string, boolean]>([
    ['mean ratio above what is allowed', twenties, small, { effectSize: { allowedIncrease: 1.2 } }, 'High', false],
    [
      'mean ratio allowed',
      [10, 12.2, 10.1, 12.5, 23],
      twenties,
      { effectSize: { allowedDecrease: 0.5 } },
      'Pass',
      false,
    ],
    ['critical, above', twenties, small, { critical: true, effectSize: { criticalIncrease: 1.2 } }, 'High', true],
    [
      'critical, below',
      [2, 2, 2, 2, 3],
      [10, 20.2, 10.1, 20.5, 30],
      { critical: true, effectSize: { criticalDecrease: 1.2 } },
      'Low',
      true,
    ],
    [
      'high but not critically so',
      twenties,
      small,
      { critical: true, effectSize: { allowedIncrease: 5, criticalIncrease: 13 } },
      'High',
      false,
    ],
    ['neither', twenties, small, { critical: true, effectSize: { allowedIncrease: 13 } }, 'Pass', false],
    ['critical by default thresholds', twenties, small, { critical: true }, 'High', true],
    ['all tied', [1, 1, 1], [1, 1], { direction: 'decrease' }, 'Pass', false],
    ['identical in another order', ascending, [5, 4, 3, 2, 1], { direction: 'decrease' }, 'Pass', false],
    ['one zero', [0, 1, 1, 1, 1], one, { direction: 'decrease' }, 'Pass', false],
    ['no canary', none, ascending, { direction: 'decrease' }, 'Nodata', false],
    ['no canary, critical', none, ascending, { critical: true }, 'Nodata', true],
    ['no canary, replaced', none, ascending, { nanStrategy: 'replace' }, 'Pass', false],
    ['mostly tied', [1, 1, 1, 1, 10], one, {}, 'Pass', false],
    ['constant against constant', ten, one, {}, 'High', false],
    ['constant against zeros', ten, zeros, {}, 'High', false],
    ['a mean of zero, above', fifties, zeros, { effectSize: { allowedIncrease: 1.2 } }, 'High', false],
    ['a mean of zero, below', zeros, fifties, { effectSize: { allowedDecrease: 0.8 } }, 'Low', false],
    [
      'a mean of zero, critical',
      errors,
      [...zeros, ...zeros],
      { critical: true, nanStrategy: 'replace', effectSize: { criticalIncrease: 1.2 } },
      'High',
      true,
    ],
    ['zeros against zeros', zeros, zeros, {}, 'Pass', false],
  ])('%s', (_name, canary, stable, settings, label, critical) => {
    const found = classify({ stable, canary }, metricWith(settings), { tolerance: 0.1, z: 1.959963984540054 })
    expect(found).toMatchObject({ label, critical })
    expect(found.reason).not.toBe('')
  })
})

it('needs data where the metric must have it', () => {
  const settings = { mustHaveData: true }
  expect(classify({ stable: ascending, canary: [Number.NaN] }, metricWith(settings))).toMatchObject({
    label: 'NodataFailMetric',
    critical: false,
    points: { stable: 5, canary: 0 },
    reason: 'canary has no data',
  })
})

it('takes points without a value for zero where it is told to', () => {
  const points = [Number.NaN, ...twenties]
  expect(classify({ stable: twenties, canary: points }, metricWith({})).points.canary).toBe(5)
  expect(classify({ stable: twenties, canary: points }, metricWith({ nanStrategy: 'replace' })).points.canary).toBe(6)
})

it('leaves outliers out where it is told to, by fences three quartile ranges away', () => {
  const points = [...Array.from({ length: 200 }, (_, at) => 100 + (at % 10)), 4000]
  const metric = metricWith({ outliers: { strategy: 'remove' } })
  expect(classify({ stable: [...points, 101], canary: points }, metric).points).toEqual({ stable: 201, canary: 200 })
  expect(classify({ stable: [...points, 101], canary: points }, metricWith({})).points.canary).toBe(201)
})

it('measures the common language effect size: the share of pairs that the canary wins', () => {
  const metric = metricWith({ effectSize: { measure: 'cles', allowedIncrease: 0.8 } })
  expect(classify({ stable: ascending, canary: [2, 3, 4, 5, 6] }, metric)).toMatchObject({
    effect: 0.68,
    label: 'Pass',
  })
  expect(classify({ stable: ascending, canary: [12, 13, 14, 15, 16] }, metric)).toMatchObject({
    effect: 1,
    label: 'High',
  })
})

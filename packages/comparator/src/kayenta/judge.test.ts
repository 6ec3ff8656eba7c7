import { describe, expect, it } from 'vitest'
import { parseKayenta } from './config.ts'
import { judgeAsKayenta } from './judge.ts'

const config = {
  name: 'checkout',
  configVersion: '1',
  metrics: [
    {
      name: 'latency',
      query: { type: 'prometheus', serviceType: 'prometheus', metricName: 'http_seconds' },
      groups: ['system'],
      analysisConfigurations: { canary: { direction: 'increase', effectSize: { allowedIncrease: 1.1 } } },
      scopeName: 'default',
    },
    {
      name: 'errors',
      groups: ['errors'],
      analysisConfigurations: { canary: { direction: 'increase', critical: true } },
    },
  ],
  classifier: { groupWeights: { system: 40, errors: 60 }, scoreThresholds: { pass: 95, marginal: 75 } },
}

const around = (level: number): number[] => Array.from({ length: 30 }, (_, at) => level * (1 + 0.01 * ((at * 7) % 11)))

describe('a canary config', () => {
  const parsed = parseKayenta(config, 'canary.json')

  it.each([
    [100, 1, 100, 'Pass', null],
    [120, 1, 60, 'Fail', null],
    [100, 3, 0, 'Fail', 'the critical metric errors is High'],
  ])('judges latency %i and errors %i', (latency, errors, score, classification, reason) => {
    const series = [
      { name: 'errors', stable: around(1), canary: [...around(errors)].reverse() },
      { name: 'latency', stable: around(100), canary: around(latency) },
    ]
    expect(judgeAsKayenta(parsed, series)).toMatchObject({ score, classification, reason })
  })

  it('may come in a request, with thresholds of its own', () => {
    const request = { canaryConfig: config, executionRequest: { thresholds: { pass: 60, marginal: 20 } } }
    expect(parseKayenta(request, 'request.json')).toMatchObject({
      thresholds: { pass: 60, marginal: 20 },
      groupWeights: { errors: 60 },
    })
  })
})

it('a metric without a series is an error, not a Pass', () => {
  expect(() => judgeAsKayenta(parseKayenta(config, 'canary.json'), [])).toThrow('metric latency: expected a series')
})

it.each([
  [{ direction: 'up' }, 'direction: expected one of either, increase, decrease, got "up"'],
  [{ nanStrategy: 'zero' }, 'nanStrategy: expected one of none, remove, replace, got "zero"'],
  [{ effectSize: { allowedIncreas: 1.1 } }, 'effectSize: Unrecognized key: "allowedIncreas"'],
  [
    { outliers: { strategy: 'remove', outlierFactor: 0 } },
    'outliers.outlierFactor: Too small: expected number to be >0',
  ],
])('a setting %j that Kayenta would take for none is refused', (canary, message) => {
  const content = { metrics: [{ name: 'latency', analysisConfigurations: { canary } }] }
  expect(() => parseKayenta(content, 'canary.json')).toThrow(
    `canary.json: metrics[0].analysisConfigurations.canary.${message}`,
  )
})

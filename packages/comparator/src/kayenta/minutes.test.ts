import { describe, expect, it } from 'vitest'
import { firstTick, trafficOf } from '../../test/slices.ts'
import { parseKayenta } from './config.ts'
import { judgeAsKayenta } from './judge.ts'
import { minuteSeries } from './minutes.ts'

const metric = (name: string, more: object = {}) => ({ name, groups: ['all'], ...more })
const config = parseKayenta(
  {
    metrics: [
      metric('latency-p50'),
      metric('errorRate'),
      metric('throughput'),
      metric('cart', { query: { type: 'prometheus', coalmine: 'latency-p50', operation: 'GET /cart' } }),
    ],
  },
  'test',
)
const instances = { stable: 2, canary: 1 }

function seriesOf(ticks: number, slower: number) {
  const operations = {
    'GET /': { stable: { n: 100, errors: 0.01 }, canary: { n: 50, errors: 0.01 } },
    'GET /cart': { stable: { n: 100 }, canary: { n: 50, slower } },
  }
  const window = { start: firstTick, end: firstTick + ticks * 5000 }
  return minuteSeries(trafficOf({ ticks, seed: 4, operations }), config, window, instances)
}

describe('a point a minute', () => {
  const [p50, errors, throughput, cart] = seriesOf(30 * 12 + 5, 1.5)

  it('leaves out a minute that is not over', () => {
    expect(p50!.canary).toHaveLength(30)
  })

  it('gives milliseconds, per cent, and requests a second of each instance', () => {
    expect(p50!.stable[0]).toBeGreaterThan(18)
    expect(p50!.stable[0]).toBeLessThan(22)
    expect(errors!.stable.reduce((sum, point) => sum + point, 0) / 30).toBeCloseTo(0.5, 1)
    expect(throughput!.stable[0]).toBeCloseTo(20, 0)
    expect(throughput!.canary[0]).toBeCloseTo(20, 0)
  })

  it('is of one operation where the config names it', () => {
    expect(cart!.canary[3]! / cart!.stable[3]!).toBeCloseTo(1.5, 1)
    expect(judgeAsKayenta(config, [p50!, errors!, throughput!, cart!]).metrics.map(({ label }) => label)).toEqual([
      'High',
      'Pass',
      'Pass',
      'High',
    ])
  })
})

it('has no value where an arm served nothing', () => {
  const operations = { 'GET /': { stable: { n: 10 }, canary: { n: 0 } } }
  const window = { start: firstTick, end: firstTick + 60_000 }
  const series = minuteSeries(trafficOf({ ticks: 12, seed: 4, operations }), config, window, instances)
  expect(series.map(({ canary }) => canary)).toEqual([[Number.NaN], [Number.NaN], [0], [Number.NaN]])
  expect(judgeAsKayenta(config, series)).toMatchObject({
    classification: 'Fail',
    reason: '3 of 4 metrics have no data',
  })
})

it('names the series that there are where a metric is none of them', () => {
  const other = parseKayenta({ metrics: [metric('transactionTime')] }, 'test')
  expect(() => minuteSeries([], other, { start: 0, end: 0 }, instances)).toThrow(
    'metric "transactionTime": no series is called "transactionTime"; name one in its query, such as "query": { "coalmine": "latency-p99" }, of latency-mean, latency-p50',
  )
})

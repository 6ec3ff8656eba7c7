import type { ComparisonFacts, OperationTicks } from '@coalmine/store'
import { expect, it } from 'vitest'
import { sameTicks } from './window.ts'

const cohort = (lastMs: number | undefined): ComparisonFacts['stable'] => ({
  requests: lastMs === undefined ? 0 : 10,
  traces: 0,
  instances: [],
  firstMs: lastMs,
  lastMs,
  testRequests: 0,
})

const found = (stable: number | undefined, canary: number | undefined): ComparisonFacts => ({
  source: 'ticks',
  builds: undefined,
  stable: cohort(stable),
  canary: cohort(canary),
  overlap: 0,
  mixedRequests: 0,
  late: 0,
})

const served = (operation: string, ...ticks: number[]): OperationTicks => ({
  operation,
  ticks: ticks.map((tick) => ({ tick })) as unknown as OperationTicks['ticks'],
})
const operations = [served('GET /cart', 0, 5_000, 10_000, 15_000), served('POST /orders', 15_000)]
const asked = { service: 'shop', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

it('leaves out the ticks that closed after the facts were read', () => {
  const read = { found: found(9_000, 12_345), instances: undefined, operations, comparison: asked }
  expect(sameTicks(read)).toEqual({
    ...read,
    operations: [served('GET /cart', 0, 5_000, 10_000)],
    comparison: { ...asked, end: 15_000 },
  })
})

it.each([
  ['that were asked for until a moment', { ...asked, end: 20_000 }, found(9_000, 12_345)],
  ['where nobody has served', asked, found(undefined, undefined)],
])('keeps all ticks %s', (_, comparison, found) => {
  const read = { found, instances: undefined, operations, comparison }
  expect(sameTicks(read)).toBe(read)
})

import { describe, expect, it } from 'vitest'
import type { KayentaLabel } from './classify.ts'
import { type Scored, scoreOf } from './score.ts'

const thresholds = { pass: 75, marginal: 50 }

function metrics(...all: readonly (readonly [label: KayentaLabel, group: string, critical?: 'critical'])[]): Scored[] {
  return all.map(([label, group, critical], at) => ({
    name: `metric ${at}`,
    label,
    groups: [group],
    critical: critical !== undefined,
    muted: false,
  }))
}

// What Kayenta's own tests of its scorer expect.
describe('scores as the original does in its tests', () => {
  it.each<[string, Record<string, number>, Scored[], number]>([
    ['one passes', {}, metrics(['Pass', 'a']), 100],
    ['one fails', {}, metrics(['High', 'a']), 0],
    ['one has no data', {}, metrics(['Nodata', 'a']), 0],
    ['a group without data does not count against', {}, metrics(['Pass', 'a'], ['Pass', 'a'], ['Nodata', 'b']), 100],
    ['half', {}, metrics(['Pass', 'a'], ['High', 'a']), 50],
    ['a third', {}, metrics(['Pass', 'a'], ['High', 'a'], ['Low', 'a']), 33.33],
    ['weights', { a: 75, b: 25 }, metrics(['Pass', 'a'], ['Pass', 'a'], ['High', 'b']), 75],
    ['equal weights', { a: 50, b: 50 }, metrics(['Pass', 'a'], ['High', 'a'], ['High', 'b']), 25],
    ['no data in a group', { a: 50, b: 50 }, metrics(['Pass', 'a'], ['Nodata', 'a'], ['High', 'b']), 50],
    ['a critical one fails', {}, metrics(['Pass', 'a'], ['High', 'a', 'critical']), 0],
    ['a critical one passes', {}, metrics(['Low', 'a'], ['Pass', 'a', 'critical']), 50],
    ['a critical one has no data', {}, metrics(['Pass', 'a'], ['Nodata', 'a', 'critical']), 0],
    ['unequal weights', { a: 15, b: 85 }, metrics(['High', 'a'], ['Low', 'a'], ['Pass', 'a'], ['High', 'b']), 5],
  ])('%s', (_name, groupWeights, all, score) => {
    expect(scoreOf(all, { groupWeights, thresholds }).score).toBe(score)
  })
})

it.each([
  [3, 'Pass'],
  [2, 'Marginal'],
  [1, 'Fail'],
])('classifies %i of 4 as %s: each threshold itself is enough', (passed, classification) => {
  const labels = Array.from({ length: 4 }, (_, at): [KayentaLabel, string] => [at < passed ? 'Pass' : 'High', 'a'])
  expect(scoreOf(metrics(...labels), { groupWeights: {}, thresholds }).classification).toBe(classification)
})

it('says why a score is zero whatever the groups say', () => {
  const weights = { groupWeights: {}, thresholds }
  expect(scoreOf(metrics(['High', 'a', 'critical'], ['Pass', 'a']), weights).reason).toContain('metric 0 is High')
  expect(scoreOf(metrics(['Nodata', 'a'], ['Pass', 'b']), weights).reason).toBe('1 of 2 metrics have no data')
})

it('does not count what is muted', () => {
  const all = metrics(['High', 'a'], ['Pass', 'a']).map((metric, at) => ({ ...metric, muted: at === 0 }))
  expect(scoreOf(all, { groupWeights: {}, thresholds }).score).toBe(100)
})

// Cells are of scrapes, and scrapes of processes that are scraped at moments of their own: what drifts, or a share that grows,
// must not look like a difference. Seeded.
import { defaultPolicy, type Facts, judge, metricPolicyOf, type Outcome, plainFacts } from '@coalmine/comparator'
import { randomOf } from '@coalmine/stats'
import { expect, it } from 'vitest'
import { scrapedFrom, type Traffic } from '../test/scraped.ts'
import { incrementsOf } from './increments.ts'
import { slicesOf } from './slices.ts'

const cohort = { requests: 1, instances: 0 }
const facts = (minutes: number): Facts =>
  plainFacts({
    service: 'shop',
    startMs: 0,
    endMs: minutes * 60_000,
    stable: { ...cohort, selector: 'service.version=1' },
    canary: { ...cohort, selector: 'service.version=2' },
    source: 'metrics',
    version: 'test',
  })

function verdictOf(traffic: Traffic, margin: string, seed: number): Outcome {
  const scraped = scrapedFrom(traffic, randomOf(seed))
  const intervalMs = traffic.intervalSeconds * 1000
  const timing = { readFromMs: -60_000, startMs: 0, warmUpMs: 0, intervalMs }
  const borderMs = scraped.canary[0]!.times[0]! - intervalMs / 2
  const options = {
    cellMs: intervalMs,
    fromCanary: true,
    borderMs,
    endMs: traffic.minutes * 60_000,
    unit: 1,
    latency: true,
    slowerThan: new Map(),
  }
  const { slices } = slicesOf(
    {
      stable: incrementsOf(scraped.stable, timing).increments,
      canary: incrementsOf(scraped.canary, timing).increments,
    },
    options,
  )
  const policy = { ...defaultPolicy, metrics: [metricPolicyOf('latency', { margin })] }
  return judge(slices, policy, facts(traffic.minutes)).verdict
}

const base: Traffic = {
  minutes: 30,
  intervalSeconds: 15,
  requestsPerSecond: 10,
  stable: [0.1, 0.9],
  canary: [0.7],
  share: () => 0.1,
  level: () => 1,
}
/** +-30 % in half an hour, while the share goes from 5 to 25 to 50 %. */
const day = { level: (second: number) => 1 + 0.3 * Math.sin((2 * Math.PI * second) / 1800) }
const ramp = { share: (second: number) => (second < 600 ? 0.05 : second < 1200 ? 0.25 : 0.5) }
/** Stable is always scraped halfway between two scrapes of the canary. */
const apart = { stable: [0.25], canary: [0.75] }

const runs = 20
const mostByChance = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)

// Of 60 runs each, at four times the requests: 1 to 3 % and 0 % of the first three; of the last 30 % at no margin, where half a minute
// of drift is a difference, and 0 % at the usual one.
it.each([
  ['every 15 s', '0%', base],
  ['every 15 s, as far apart as can be, +-30 % in half an hour, ramp', '0%', { ...base, ...day, ...ramp, ...apart }],
  ['every 60 s, +-30 % in half an hour, ramp', '0%', { ...base, ...day, ...ramp, intervalSeconds: 60 }],
  [
    'every 60 s, as far apart as can be, +-30 % in half an hour, ramp',
    '10%,2ms',
    { ...base, ...day, ...ramp, ...apart, intervalSeconds: 60 },
  ],
] as const)('scraped %s, margin %s: an equal canary is seldom failed', (_name, margin, traffic) => {
  const verdicts = Array.from({ length: runs }, (_, seed) => verdictOf(traffic, margin, seed + 1))
  expect(verdicts.filter((verdict) => verdict === 'fail').length / runs).toBeLessThan(mostByChance)
})

it('a canary that is a third slower is failed', () => {
  expect(verdictOf({ ...base, ...day, ...ramp, slower: 1.35 }, '10%,2ms', 1)).toBe('fail')
})

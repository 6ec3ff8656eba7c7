import { readFileSync } from 'node:fs'
import { defaultPolicy, judge, metricPolicyOf, type Policy, progressOf, type Verdict } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../comparator/test/slices.ts'
import { progressLine } from './progress.ts'
import { verdictText } from './text.ts'

const alike = { n: 500 }

function verdictOf(slower: number, ticks: number, policy: Policy = defaultPolicy): Verdict {
  const facts = factsOf(ticks)
  const operations = {
    'GET /products': { stable: alike, canary: alike },
    'GET /cart': { stable: alike, canary: { ...alike, slower } },
  }
  const flags = (variant: string) => [{ operation: 'GET /cart', flag: 'new-pricing', variant, requests: 500 }]
  return judge(trafficOf({ ticks, seed: 2, operations }), policy, {
    ...facts,
    stable: { ...facts.stable, flags: flags('off'), testRequests: 40 },
    canary: { ...facts.canary, flags: flags('on'), testRequests: 41, instances: 1 },
  })
}

it.each([
  ['fail', verdictOf(1.5, 12)],
  ['pass', verdictOf(1, 60)],
  ['inconclusive', verdictOf(1, 3)],
  ['invalid', judge([], defaultPolicy, { ...factsOf(2), canary: factsOf(2).stable })],
])('writes a %s verdict for a terminal', async (name, verdict) => {
  expect(verdict.verdict).toBe(name)
  await expect(verdictText(verdict, { colors: false })).toMatchFileSnapshot(`./${name}.golden.txt`)
})

it('writes what was expected and whether it came true, and what advisory metrics would have said', async () => {
  const metrics = [
    metricPolicyOf('latency', { expect: 'better', reason: 'the new index' }),
    metricPolicyOf('errors', { expect: 'same' }),
    metricPolicyOf('client-errors', { gate: 'advisory' }),
  ]
  const text = verdictText(verdictOf(1.3, 12, { ...defaultPolicy, metrics }), { colors: false })
  await expect(text).toMatchFileSnapshot('./hypotheses.golden.txt')
})

it('says how many requests were judged, where one cohort served for longer than both', () => {
  const verdict = verdictOf(1.5, 12)
  const judged = verdict.findings.find(({ metric }) => metric === 'errors')!.stable.count
  const longer = { ...verdict.cohorts.stable, requests: 3 * judged, traces: 3 * judged }
  const text = verdictText({ ...verdict, cohorts: { ...verdict.cohorts, stable: longer } }, { colors: false })
  expect(text).toMatch(/\n {2}stable {4}[\d\s]+ requests, 4 instances; judged: the [\d\s]+ while both served\n/)
  expect(text).toMatch(/\n {2}canary {4}[\d\s]+ requests, 1 instance\n/)
})

it('takes colours and the same words on a terminal', () => {
  const verdict = verdictOf(1.5, 12)
  const colored = verdictText(verdict, { colors: true })
  expect(colored).toContain('\x1b[31mFAIL')
  const golden = readFileSync(new URL('./fail.golden.txt', import.meta.url), 'utf8')
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(golden)
})

it('tells how far a comparison is, in the evidence that each answer needs', () => {
  const early = verdictOf(1, 3)
  const done = verdictOf(1, 60)
  expect(progressOf(early).safetyPercent).toBeLessThan(100)
  expect(progressOf(done)).toMatchObject({ safetyPercent: 100 })
  expect(progressOf(verdictOf(1.5, 12)).harmPercent).toBe(100)
  expect(progressLine(progressOf(early))).toMatch(
    /^15 s {2}1\u202f000 canary requests {2}evidence of harm \d+ % {2}of safety \d+ %$/u,
  )
})

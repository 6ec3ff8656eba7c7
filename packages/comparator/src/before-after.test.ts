import { expect, test } from 'vitest'
import { type Arm, factsOf, randomOf, trafficOf } from '../test/slices.ts'
import { earlierDay, policyAgainstDays, slicesAgainst } from './before-after.ts'
import type { EarlierDay, Facts } from './facts.ts'
import { judge } from './judge.ts'
import { defaultPolicy, parsePolicy } from './policy/policy.ts'
import type { Verdict } from './verdict/verdict.ts'

const ticks = 24
const dayMs = 86_400_000
const quiet: Arm = { n: 60, errors: 0.01 }

interface Run {
  readonly seed: number
  readonly days?: number
  /** How much days differ: the standard deviation of the logarithm of their latency and errors. */
  readonly spread?: number
  readonly stable?: Arm
  readonly canary?: Arm
  readonly policy?: object
  readonly facts?: Partial<Facts>
}

test('a canary like the earlier days passes, and says that it was compared with them', () => {
  const alike = { n: 300 }
  const verdict = compared({ seed: 1, days: 5, stable: alike, canary: alike })
  expect(verdict.verdict).toBe('pass')
  expect(verdict.beforeAfter).toEqual({ days: datesOf(5), leftOut: [] })
  const note = verdict.reasons.find(({ code }) => code === 'before-after')
  expect(note?.message).toContain('no stable ran beside the canary')
  expect(note?.message).toContain('5 earlier days')
  const { stable, canary } = factsOf(ticks)
  const added = compared({ seed: 1, facts: { stable: { ...stable, instances: 1, requests: 5000 }, canary } })
  expect(added.reasons.map(({ code }) => code)).not.toContain('unequal-load')
})

test('harm beyond what the days differ by fails, and the margin shown is the widened one', () => {
  const verdict = compared({ seed: 2, days: 6, spread: 0.05, canary: { n: 60, errors: 0.2, slower: 3 } })
  expect(verdict.verdict).toBe('fail')
  const latency = verdict.findings.find(({ metric }) => metric === 'latency')!
  expect(latency.decision).toBe('fail')
  const [ratio] = latency.margin.split('%')
  expect(Number(ratio)).toBeGreaterThan(12)
  expect(Number(ratio)).toBeLessThan(150)
})

test('the more the days differ, the more a canary may, and the less is settled', () => {
  const canary = { n: 60, errors: 0.01, slower: 1.6 }
  expect(compared({ seed: 3, days: 7, spread: 0.01, canary }).verdict).toBe('fail')
  expect(compared({ seed: 3, days: 7, spread: 0.5, canary }).verdict).not.toBe('fail')
  expect(compared({ seed: 3, days: 3, spread: 0.1, canary }).verdict).not.toBe('fail')
})

test('days that differ: good canaries fail no more often than alpha says, though without wider margins most do', () => {
  const runs = 60
  for (const days of [3, 7]) {
    let failed = 0
    let narrow = 0
    for (let seed = 0; seed < runs; seed += 1) {
      const { slices, earlier } = drawn({ seed: 100 * days + seed, days, spread: 0.25 })
      if (judged(slices, earlier).verdict === 'fail') failed += 1
      if (days === 7 && seed < 40 && judge(slices, policyAgainstDays(defaultPolicy), factsOf(ticks)).verdict === 'fail')
        narrow += 1
    }
    expect(failed / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
    if (days === 7) expect(narrow / 40).toBeGreaterThan(0.2)
  }
})

test('days that differ by the chance of their few requests alone take no more than that', () => {
  const few = { n: 20, errors: 0.01 }
  const failed = (slower: number): number => {
    const verdicts = Array.from({ length: 30 }, (_, at) =>
      compared({ seed: 900 + at, days: 7, stable: few, canary: { ...few, slower } }),
    )
    return verdicts.filter(({ verdict }) => verdict === 'fail').length
  }
  // Without taking it off, 4 of 30.
  expect(failed(1.5)).toBeGreaterThan(20)
  expect(failed(1.1)).toBeLessThan(3)
})

test('a canary at the margin fails no more often than alpha says, however much days differ', () => {
  const runs = 40
  for (const spread of [0.03, 0.1]) {
    let failed = 0
    for (let seed = 0; seed < runs; seed += 1) {
      const canary = { n: 30, errors: 0.01, slower: 1.1 }
      if (compared({ seed: 7000 + seed, days: 4, spread, stable: { ...canary, slower: 1 }, canary }).verdict === 'fail')
        failed += 1
    }
    expect(failed / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
  }
})

test('a canary beyond the widened margin does not pass on a lucky day', () => {
  const runs = 60
  let passed = 0
  for (let seed = 0; seed < runs; seed += 1) {
    const canary = { n: 60, errors: 0.01, slower: 1.5 }
    if (compared({ seed: 5000 + seed, days: 5, spread: 0.05, canary }).verdict === 'pass') passed += 1
  }
  expect(passed / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
})

test('fewer than three days are no comparison, and what was left out is said', () => {
  const { slices, earlier } = drawn({ seed: 4, days: 2 })
  const leftOut = [{ date: '2025-12-29', why: 'service.version=2.0.0 served' }]
  const verdict = judge(slices, defaultPolicy, {
    ...factsOf(ticks),
    earlier,
    beforeAfter: { days: earlier.map(({ date }) => date), leftOut },
  })
  expect(verdict.verdict).toBe('invalid')
  expect(verdict.reasons[0]).toMatchObject({ code: 'too-few-days', weight: 'decides' })
  expect(verdict.reasons[0]!.message).toContain('2025-12-29 (service.version=2.0.0 served)')
  expect(verdict.reasons.filter(({ code }) => code === 'too-few-days')).toHaveLength(1)
})

test('what needs a stable beside the canary is not judged, and a hypothesis of it stays open', () => {
  const policy = { metrics: { latency: { expect: 'better', reason: 'a faster cache' } } }
  const verdict = compared({ seed: 6, days: 4, canary: { n: 60, slower: 0.4 }, policy })
  expect(verdict.findings.map(({ metric }) => metric)).not.toContain('latency')
  expect(verdict.hypotheses).toMatchObject([{ metric: 'latency', answer: 'open' }])
})

test('neither the order of days nor of slices can be seen', () => {
  const { slices, earlier } = drawn({ seed: 7, days: 4, spread: 0.1 })
  const again = judged([...slices].reverse(), [...earlier].reverse())
  expect(again.findings).toEqual(judged(slices, earlier).findings)
})

test('an operation that fewer than three days served can decide nothing', () => {
  const { earlier } = drawn({ seed: 8, days: 4 })
  const canary = trafficOf({
    ticks,
    seed: 8,
    operations: { 'GET /new': { stable: quiet, canary: { n: 60, slower: 9 } } },
  })
  const once = earlier.map((day, at) =>
    at === 0
      ? earlierDay(
          day.date,
          trafficOf({ ticks, seed: 9, operations: { 'GET /new': { stable: quiet, canary: quiet } } }),
          0,
        )
      : day,
  )
  const verdict = judged(slicesAgainst(once, canary), once)
  for (const finding of verdict.findings.filter(({ operation }) => operation === 'GET /new')) {
    expect(finding.decision).toBe('inconclusive')
  }
})

function compared(run: Run): Verdict {
  const { slices, earlier } = drawn(run)
  return judged(slices, earlier, run.policy, run.facts)
}

function judged(
  slices: ReturnType<typeof slicesAgainst>,
  earlier: readonly EarlierDay[],
  policy: object = {},
  facts: Partial<Facts> = {},
): Verdict {
  const parsed = parsePolicy(policy)
  if (parsed.kind !== 'policy') throw new Error(JSON.stringify(parsed.problems))
  const days = earlier
    .map(({ date }) => date)
    .sort()
    .reverse()
  return judge(slices, policyAgainstDays(parsed.policy), {
    ...factsOf(ticks),
    ...facts,
    earlier,
    beforeAfter: { days, leftOut: [] },
  })
}

function drawn({ seed, days = 5, spread = 0, stable = quiet, canary = quiet }: Run) {
  const random = randomOf(seed + 1)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const onADay = (arm: Arm): Arm => {
    const slower = (arm.slower ?? 1) * Math.exp(spread * normal())
    return { ...arm, slower, errors: Math.min(0.9, (arm.errors ?? 0) * Math.exp(spread * normal())) }
  }
  const traffic = (arm: Arm, at: number) =>
    trafficOf({ ticks, seed: 1000 * seed + at, operations: { 'GET /cart': { stable: arm, canary: arm } } })
  const earlier = datesOf(days).map((date, at) => {
    const slices = traffic(onADay(stable), at + 1).map((slice) => ({ ...slice, tick: slice.tick - (at + 1) * dayMs }))
    return earlierDay(date, slices, (at + 1) * dayMs)
  })
  return { earlier, slices: slicesAgainst(earlier, traffic(onADay(canary), 0)) }
}

function datesOf(days: number): string[] {
  return Array.from({ length: days }, (_, at) => new Date(Date.UTC(2025, 11, 31 - at)).toISOString().slice(0, 10))
}

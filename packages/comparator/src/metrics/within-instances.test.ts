// A flag's cohorts share their instances. What each of these is slow at, or fails at, it does for both.
import { histogramOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick, randomOf } from '../../test/slices.ts'
import type { Facts, InstanceTick } from '../facts.ts'
import { judge, judgeInSteps } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { atOnce } from '../steps.ts'
import type { Verdict } from '../verdict/verdict.ts'

const operation = 'GET /'
const instances = 5
const perInstance = 60

/** What an instance does in a tick: how slow it is, how long it stalls, how many of its requests fail, and how many have the flag. */
interface Serving {
  readonly slower?: number
  readonly stallSeconds?: number
  readonly errors?: number
  readonly flagged?: number
  /** How many times slower requests with the flag are. */
  readonly flagSlower?: number
}

/** Both verdicts on a flag: of all instances together, and with what each did in each tick. */
function judged(
  ticks: number,
  seed: number,
  how: (instance: number, tick: number, random: () => number) => Serving,
): { readonly together: Verdict; readonly within: Verdict } {
  const random = randomOf(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const cells: InstanceTick[] = []
  const slices: Slice[] = []
  for (let at = 0; at < ticks; at += 1) {
    const tick = firstTick + at * 5000
    const all = { stable: { values: [] as number[], errors: 0 }, canary: { values: [] as number[], errors: 0 } }
    for (let which = 0; which < instances; which += 1) {
      const { slower = 1, stallSeconds = 0, errors = 0.002, flagged = 0.1, flagSlower = 1 } = how(which, at, random)
      const own = { stable: { values: [] as number[], errors: 0 }, canary: { values: [] as number[], errors: 0 } }
      for (let request = 0; request < perInstance; request += 1) {
        const arm = random() < flagged ? 'canary' : 'stable'
        // A fifth of a tick's requests come during the stall, for each second of it.
        const waits = random() < stallSeconds / 5 ? stallSeconds * random() : 0
        const value = 0.05 * slower * (arm === 'canary' ? flagSlower : 1) * Math.exp(0.5 * normal()) + waits
        own[arm].values.push(value)
        if (random() < errors) own[arm].errors += 1
      }
      for (const cohort of ['stable', 'canary'] as const) {
        const { values, errors: failed } = own[cohort]
        const counts = {
          traces: values.length,
          errors: failed,
          clientErrors: 0,
          innerErrors: 0,
          latency: histogramOf(values),
        }
        if (values.length > 0) cells.push({ cohort, instance: `instance-${which}`, operation, tick, ...counts })
        all[cohort].values.push(...values)
        all[cohort].errors += failed
      }
    }
    const both = (side: (arm: (typeof all)['stable']) => Slice['stable']) => ({
      tick,
      operation,
      stable: side(all.stable),
      canary: side(all.canary),
    })
    slices.push(
      { metric: 'requests', ...both(({ values }) => ({ kind: 'count', n: values.length })) },
      { metric: 'errors', ...both(({ values, errors }) => ({ kind: 'rate', n: values.length, events: errors })) },
      { metric: 'client-errors', ...both(({ values }) => ({ kind: 'rate', n: values.length, events: 0 })) },
      {
        metric: 'latency',
        ...both(({ values }) => ({ kind: 'distribution', n: values.length, histogram: histogramOf(values) })),
      },
    )
  }
  const life = { firstMs: 0, lastMs: firstTick + ticks * 5000, born: false }
  const fairness = {
    warmUp: { stable: 0, canary: 0 },
    instances: Array.from({ length: instances }, (_, which) => ({
      instance: `instance-${which}`,
      cohort: 'both' as const,
      ...life,
    })),
    cells: [],
    builds: null,
    aheadMs: 0,
    calls: [],
    sample: null,
  }
  const facts: Facts = factsOf(ticks, { fairness })
  const { verdict: together, again } = atOnce(judgeInSteps(slices, defaultPolicy, facts))
  const within = judge(slices, defaultPolicy, { ...facts, fairness: { ...fairness, instanceTicks: cells } })
  expect(JSON.stringify(atOnce(again({ instanceTicks: cells })))).toBe(JSON.stringify(within))
  return { together, within }
}

const noteIn = ({ reasons }: Verdict): string | undefined =>
  reasons.find(({ code }) => code === 'uneven-instances')?.message

describe('a flag at 10 % over five instances', () => {
  it('does not FAIL by a slow instance that serves more of it, and the verdict says so', () => {
    const { together, within } = judged(90, 1, (which) =>
      which === 0 ? { slower: 3, flagged: 0.3 } : { flagged: 0.06 },
    )
    expect(together.verdict).toBe('fail')
    expect(within.verdict).not.toBe('fail')
    expect(noteIn(within)).toMatch(
      /^GET \/: latency is worse in the canary over all instances together, but not within/,
    )
  })

  it('does not FAIL by an instance that fails, and serves more of it', () => {
    const { together, within } = judged(90, 2, (which) =>
      which === 0 ? { errors: 0.2, flagged: 0.3 } : { flagged: 0.06 },
    )
    expect(together.verdict).toBe('fail')
    expect(within.verdict).not.toBe('fail')
    expect(noteIn(within)).toMatch(/^GET \/: the error rate is worse in the canary over all instances together/)
  })

  it('does not FAIL by stalls that come to each of them', () => {
    const failed = Array.from({ length: 6 }, (_, seed) =>
      judged(120, 10 + seed, (_which, _tick, random) => (random() < 1 / 12 ? { stallSeconds: 2 } : {})),
    ).filter(({ within }) => within.verdict === 'fail')
    expect(failed).toEqual([])
  })

  it('FAILs where it is slow on each of them, hardly later', () => {
    const { together, within } = judged(60, 3, () => ({ flagSlower: 1.5 }))
    expect(within.verdict).toBe('fail')
    expect(within.decidedAfterSeconds! - together.decidedAfterSeconds!).toBeLessThanOrEqual(15)
  })

  it('FAILs where it is slow while a slow instance serves more of it', () => {
    const { within } = judged(90, 4, (which) => ({
      flagSlower: 1.5,
      ...(which === 0 ? { slower: 3, flagged: 0.3 } : { flagged: 0.06 }),
    }))
    expect(within.verdict).toBe('fail')
  })
})

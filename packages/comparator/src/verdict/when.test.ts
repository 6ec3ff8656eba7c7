import { histogramOf, randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { conforms } from '../../test/schema.ts'
import { type Arm, factsOf, fairnessOf, firstTick, trafficOf } from '../../test/slices.ts'
import type { FairnessFacts, InstanceTick } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import type { Verdict } from './verdict.ts'

/** Ticks of traffic whose arms are as `how` says of each. */
function slicesOf(
  ticks: number,
  seed: number,
  how: (tick: number) => { stable?: Partial<Arm>; canary?: Partial<Arm> },
): Slice[] {
  return Array.from({ length: ticks }, (_, tick) => {
    const { stable = {}, canary = {} } = how(tick)
    const operations = { 'GET /': { stable: { n: 100, ...stable }, canary: { n: 100, ...canary } } }
    const own = trafficOf({ ticks: 1, seed: seed * 1000 + tick, operations })
    return own.map((slice) => ({ ...slice, tick: firstTick + tick * 5000 }))
  }).flat()
}

const judged = (slices: Slice[], ticks: number, fairness?: FairnessFacts): Verdict =>
  judge(slices, defaultPolicy, factsOf(ticks, fairness ? { fairness } : {}))
const failedIn = ({ findings }: Verdict): Finding[] => findings.filter(({ decision }) => decision === 'fail')

const unknown: FairnessFacts = fairnessOf()

describe('a FAIL that the values of the whole window do not show', () => {
  const ticks = 240
  const slowAtFirst = slicesOf(ticks, 1, (tick) => ({ canary: { slower: tick < 30 ? 2 : 0.7 } }))

  it('says in which minutes it was so, and what was measured then', () => {
    const verdict = judged(slowAtFirst, ticks)
    const [finding] = failedIn(verdict)
    expect(conforms(verdict)).toBe(true)
    expect(finding!.canary.value).toBeLessThan(finding!.stable.value!)
    expect(finding!.provedWithin).toMatchObject({ start: '2026-01-01T10:00:05.000Z', instance: null })
    expect(finding!.provedWithin!.canary).toBeGreaterThan(1.5 * finding!.provedWithin!.stable!)
    expect(finding!.message).toMatch(
      /^GET \/ is slower: median .*, between 10:00:05 and 10:00:[2-4]\d \(\S+ ms -> \S+ ms then\), not over the whole window, more than the margin/,
    )
  })

  it('names the only instance of the canary', () => {
    const instances = ['stable', 'canary'].map((cohort) => ({
      instance: `${cohort}-1`,
      cohort: cohort as 'stable' | 'canary',
      firstMs: 0,
      lastMs: firstTick + ticks * 5000,
      born: false,
    }))
    const [finding] = failedIn(judged(slowAtFirst, ticks, { ...unknown, instances }))
    expect(finding!.provedWithin!.instance).toBe('canary-1')
    expect(finding!.message).toContain(' then), most of it on instance canary-1, not over the whole window')
  })

  it('names the instance that has most of it, where there are several', () => {
    const random = randomOf(3)
    const cells = Array.from({ length: 60 }, (_, at) =>
      (['stable', 'canary'] as const).flatMap((cohort) =>
        [0, 1, 2].map((which): InstanceTick => {
          const slower = cohort === 'canary' ? (which === 2 ? 6 : 2) : 1
          const values = Array.from({ length: 34 }, () => 0.02 * slower * (0.5 + random()))
          const counts = { traces: 34, errors: 0, clientErrors: 0, innerErrors: 0, latency: histogramOf(values, 3) }
          return { cohort, instance: `${cohort}-${which}`, operation: 'GET /', tick: firstTick + at * 5000, ...counts }
        }),
      ),
    ).flat()
    const [finding] = failedIn(judged(slowAtFirst, ticks, { ...unknown, instanceTicks: cells }))
    expect(finding!.provedWithin!.instance).toBe('canary-2')
  })

  it('says so too where what is left of it lies within the margin', () => {
    const slices = slicesOf(ticks, 2, (tick) => ({ canary: { slower: tick < 30 ? 1.6 : 1 } }))
    const [finding] = failedIn(judged(slices, ticks))
    expect(finding!.canary.value! / finding!.stable.value!).toBeLessThan(1.1)
    expect(finding!.provedWithin).toBeDefined()
    expect(finding!.message).not.toContain('not over the whole window')
  })

  it('is told of errors that ended', () => {
    const slices = slicesOf(ticks, 3, (tick) => ({ stable: { errors: 0.01 }, canary: { errors: tick < 20 ? 0.3 : 0 } }))
    const [finding] = failedIn(judged(slices, ticks)).filter(({ metric }) => metric === 'errors')
    expect(finding!.provedWithin!.canary).toBeGreaterThan(0.2)
    expect(finding!.message).toMatch(/% then\)/)
  })
})

describe('a FAIL never contradicts its numbers', () => {
  it('whatever the canary does when: values beyond the margin, of the whole window or of the part that is named', () => {
    const random = randomOf(7)
    let inPart = 0
    for (let run = 0; run < 40; run += 1) {
      const ticks = 60 + Math.floor(90 * random())
      const change = Math.floor(ticks * random())
      const [first, then] = [0.6 + 1.2 * random(), 0.6 + 1.2 * random()]
      const bad = random() < 0.5 ? 0 : 0.08 * random()
      const slices = slicesOf(ticks, run, (tick) => ({
        stable: { errors: 0.01 },
        canary: { slower: tick < change ? first : then, errors: tick < change ? bad : 0.01 },
      }))
      for (const { stable, canary, provedWithin, metric, message } of failedIn(judged(slices, ticks))) {
        if (provedWithin) inPart += 1
        const [usual, own] = [provedWithin?.stable ?? stable.value!, provedWithin?.canary ?? canary.value!]
        if (metric === 'latency') expect(own, message).toBeGreaterThan(1.05 * usual)
        else expect(own, message).toBeGreaterThan(usual)
      }
    }
    expect(inPart).toBeGreaterThan(3)
  })

  it('where the values show it, no part is named', () => {
    const slices = slicesOf(60, 5, () => ({ canary: { slower: 1.5 } }))
    expect(failedIn(judged(slices, 60)).map(({ provedWithin }) => provedWithin)).toEqual([undefined])
  })
})

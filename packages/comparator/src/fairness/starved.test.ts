import { randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, firstTick, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import type { Verdict } from '../verdict/verdict.ts'

/** How much slower each arm is in a tick. */
type Slowness = (tick: number, random: () => number) => { readonly stable: number; readonly canary: number }

function judged(ticks: number, slowness: Slowness): Verdict {
  const random = randomOf(5)
  const arm: Arm = { n: 100 }
  const slices = Array.from({ length: ticks }, (_, tick): Slice[] => {
    const { stable, canary } = slowness(tick, random)
    const operations = { 'GET /': { stable: { ...arm, slower: stable }, canary: { ...arm, slower: canary } } }
    const [own] = [trafficOf({ ticks: 1, seed: tick + 1, operations })]
    return own.map((slice) => ({ ...slice, tick: firstTick + tick * 5000 }))
  }).flat()
  return judge(slices, defaultPolicy, factsOf(ticks))
}

const noteIn = ({ reasons }: Verdict): string | undefined =>
  reasons.find(({ code }) => code === 'both-slowed-down')?.message

describe('arms that slow down together', () => {
  it('are named, with when and how much, and which of them is slower then does not FAIL', () => {
    const verdict = judged(120, (tick) =>
      tick < 60 || tick >= 84 ? { stable: 1, canary: 1 } : { stable: 3, canary: 5 },
    )
    expect(verdict.verdict).not.toBe('fail')
    expect(noteIn(verdict)).toMatch(
      /^Stable and canary slowed down together from 10:05:00 to 10:07:00: p50 20 ms -> 7\d ms, with as much more spread\. Their host, or something they share/,
    )
  })

  it('say since when, where it lasts to the end', () => {
    const verdict = judged(90, (tick) => (tick < 60 ? { stable: 1, canary: 1 } : { stable: 4, canary: 4 }))
    expect(noteIn(verdict)).toContain('together since 10:05:00: p50 20 ms -> ')
  })

  it('are told how often, where they do so time and again', () => {
    const verdict = judged(120, (tick) => (tick % 30 < 24 ? { stable: 1, canary: 1 } : { stable: 3, canary: 3 }))
    expect(noteIn(verdict)).toContain('together 4 times, first from 10:02:00 to 10:02:30:')
  })
})

describe('nothing is said, and FAIL stands,', () => {
  it('where the canary alone is slow', () => {
    const verdict = judged(60, (tick) => ({ stable: 1, canary: tick < 20 ? 1 : 5 }))
    expect(verdict.verdict).toBe('fail')
    expect(noteIn(verdict)).toBeUndefined()
  })

  it('where both arms vary as a day does, and the canary is slower', () => {
    const verdict = judged(120, (tick) => {
      const level = 1 + 0.3 * Math.sin(tick / 20)
      return { stable: level, canary: 1.5 * level }
    })
    expect(verdict.verdict).toBe('fail')
    expect(noteIn(verdict)).toBeUndefined()
  })

  it('where a canary that was slower all along goes through it too', () => {
    const verdict = judged(120, (tick) => (tick < 60 ? { stable: 1, canary: 2 } : { stable: 3, canary: 6 }))
    expect(verdict.verdict).toBe('fail')
    expect(noteIn(verdict)).toBeDefined()
  })

  it('where one tick is slow', () => {
    const verdict = judged(60, (tick) => (tick === 40 ? { stable: 4, canary: 4 } : { stable: 1, canary: 1 }))
    expect(noteIn(verdict)).toBeUndefined()
  })
})

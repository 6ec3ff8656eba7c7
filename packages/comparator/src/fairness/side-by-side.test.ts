import { randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick } from '../../test/slices.ts'
import { notSideBySide } from './side-by-side.ts'

type Counts = (tick: number) => readonly [stable: number, canary: number]

function apart(ticks: number, counts: Counts): string | undefined {
  const requests = Array.from({ length: ticks }, (_, at) => {
    const [stable, canary] = counts(at)
    return { tick: firstTick + at * 5000, stable, canary }
  }).filter(({ stable, canary }) => stable + canary > 0)
  return notSideBySide(requests, factsOf(ticks))
}

describe('one follows the other', () => {
  it.each<[string, Counts, string]>([
    [
      'without a gap, one request left',
      (tick) => (tick < 1 ? [1, 149] : [0, 150]),
      'stable stopped when canary started',
    ],
    ['inside of one tick', (tick) => (tick < 1 ? [75, 75] : [0, 150]), 'stable stopped when canary started'],
    ['with a start before', (tick) => (tick < 36 ? [150, 0] : tick < 37 ? [75, 75] : [0, 150]), 'stable stopped when'],
    [
      'within ten seconds, a few requests still on their way',
      (tick) => (tick < 2 ? [75, 75] : tick === 9 ? [1, 150] : [0, 150]),
      'stable stopped when canary started',
    ],
    [
      'stable after the canary, which was there first',
      (tick) => (tick < 20 ? [0, 150] : tick < 21 ? [75, 75] : [150, 0]),
      'canary stopped when stable started, and stable served alone for',
    ],
    [
      'with a tick between',
      (tick) => (tick < 20 ? [150, 0] : tick > 20 ? [0, 150] : [0, 0]),
      'stable stopped when canary',
    ],
    ['a minute later', (tick) => (tick < 20 ? [150, 0] : tick > 32 ? [0, 150] : [0, 0]), 'stable stopped when canary'],
    [
      'after half a minute',
      (tick) => (tick < 6 ? [150, 0] : tick < 12 ? [0, 150] : [0, 0]),
      'stable and canary never served in the same five seconds',
    ],
  ])('%s', (_, counts, told) => {
    expect(apart(72, counts)).toContain(told)
  })
})

describe('they run side by side', () => {
  it.each<[string, number, Counts]>([
    ['all the time', 72, () => [135, 15]],
    ['since ten seconds', 2, () => [135, 15]],
    ['for twenty seconds, before one ends', 72, (tick) => (tick < 4 ? [75, 75] : [0, 150])],
    ['until the canary dies at once', 72, (tick) => (tick < 2 ? [135, 15] : [150, 0])],
    ['half a minute after the handover, when it may yet be a pause', 7, (tick) => (tick < 1 ? [75, 75] : [0, 150])],
    ['with a request a minute each', 360, (tick) => [Number(tick % 12 === 0), Number(tick % 12 === 6)]],
    ['with a request each so far', 6, (tick) => [Number(tick === 0), Number(tick === 5)]],
    ['while stable is left with a request in five minutes', 360, (tick) => [Number(tick % 60 === 0), 150]],
  ])('%s', (_, ticks, counts) => {
    expect(apart(ticks, counts)).toBeUndefined()
  })

  it('whatever the traffic: in 400 half hours, looked at every minute, it is said otherwise in fewer than one of a hundred', () => {
    const random = randomOf(5)
    const poisson = (mean: number): number => {
      let n = 0
      for (let product = random(); product > Math.exp(-mean); product *= random()) n += 1
      return n
    }
    let told = 0
    for (let run = 0; run < 400; run += 1) {
      const [stable, canary] = [0.1 * 400 ** random(), 0.1 * 400 ** random()]
      const counts = Array.from({ length: 360 }, () => [poisson(stable), poisson(canary)] as const)
      const first = counts.findIndex(([, ofCanary]) => ofCanary > 0)
      // Before one of them has served at all, there is nothing to tell.
      const began = Math.max(
        first,
        counts.findIndex(([ofStable], at) => at >= first && ofStable > 0),
      )
      const looks = Array.from({ length: 30 }, (_, minute) => 12 * (minute + 1)).filter((until) => until > began)
      if (looks.some((until) => apart(until - first, (tick) => counts[first + tick]!) !== undefined)) told += 1
    }
    expect(told).toBeLessThan(4)
  })
})

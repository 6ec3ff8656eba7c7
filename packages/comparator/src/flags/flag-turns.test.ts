import { expect, it } from 'vitest'
import { randomOf } from '../../test/slices.ts'
import { type FlagMinuteSeen, flagTurns } from './flag-turns.ts'

const minute = 60_000
const day = 1_440

/** Traffic as it comes: more by day than by night, in sessions of one user who keeps a variant for some minutes. */
function traffic(
  shareAt: (at: number) => number,
  { perMinute, minutes = day, seed }: { readonly perMinute: number; readonly minutes?: number; readonly seed: number },
): FlagMinuteSeen[] {
  const random = randomOf(seed)
  const counts = Array.from({ length: minutes }, () => new Map<string, number>())
  for (let at = 0; at < minutes; at += 1) {
    const now = perMinute * (1 + 0.6 * Math.sin((2 * Math.PI * at) / day))
    // Sessions of six requests on average, and now and then a burst of many.
    const sessions = Math.floor(now / 6) + Number(random() < (now / 6) % 1)
    for (let session = 0; session < sessions; session += 1) {
      const requests = random() < 0.02 ? 40 : 1 + Math.floor(-5 * Math.log(1 - random()))
      const variant = random() < shareAt(at) ? 'on' : 'off'
      for (let one = 0; one < requests; one += 1) {
        const of = counts[Math.min(minutes - 1, at + Math.floor(random() * 3))]!
        of.set(variant, (of.get(variant) ?? 0) + 1)
      }
    }
  }
  return counts.map((requests, at) => ({ minuteMs: at * minute, requests }))
}

/** What is found by whoever looks as each block ends. */
const looks = (minutes: readonly FlagMinuteSeen[]) =>
  flagTurns(minutes, { sinceMs: 0, untilMs: minutes.length * minute })

it('tells of no turn in 36 days of traffic in bursts, looked at all the time', () => {
  const flags = [0.01, 0.1, 0.5, 0.9].flatMap((share) =>
    [8, 40, 120].map((perMinute, at) => ({ share, perMinute, seed: 100 * share + at })),
  )
  const alarms = flags.flatMap(({ share, perMinute, seed }) =>
    Array.from({ length: 3 }, (_, round) =>
      looks(traffic(() => share, { perMinute, seed: 1000 * (round + 1) + seed })),
    ),
  )
  expect(alarms).toHaveLength(36)
  expect(alarms.flat()).toEqual([])
})

it.each([
  [0.1, 0.5, 40],
  [0, 1, 10],
  [1, 0, 200],
  [0.5, 0.05, 200],
  [0.01, 0.1, 400],
])('tells where a flag was turned from %f to %f, with %i requests a minute', (before, after, perMinute) => {
  const turnedAt = 240
  const all = traffic((at) => (at < turnedAt ? before : after), { perMinute, minutes: 320, seed: 7 })
  const found = looks(all)
  // Soon, and at its minute; sessions that go on make it a block more.
  expect(found.length).toBeGreaterThanOrEqual(1)
  for (const { atMs } of found) {
    expect(atMs / minute - turnedAt).toBeGreaterThanOrEqual(-5)
    expect(atMs / minute - turnedAt).toBeLessThanOrEqual(5)
  }
  const [turn] = found
  // As soon as half an hour of it is over.
  expect(looks(all.slice(0, turnedAt + 35))[0]).toEqual(turn)
  expect(turn!.variant).toBe(after > before ? 'on' : 'off')
})

it('says nothing of a flag that hardly anybody meets, and of one that is new', () => {
  expect(looks(traffic((at) => (at < 240 ? 0 : 1), { perMinute: 2, minutes: 320, seed: 3 }))).toEqual([])
  expect(looks([])).toEqual([])
  const before = traffic((at) => Number(at >= 240), { perMinute: 60, minutes: 320, seed: 3 })
  expect(flagTurns(before, { sinceMs: 300 * minute, untilMs: 320 * minute })).toEqual([])
  const late = traffic(() => 0.5, { perMinute: 100, minutes: 20, seed: 3 })
  expect(looks(late)).toEqual([])
})

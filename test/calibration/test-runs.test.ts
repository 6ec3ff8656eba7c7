import { defaultPolicy } from '@coalmine/comparator'
import { describe, expect, it } from 'vitest'
import { harmful, harmless, runRates } from './test-runs.ts'

// The whole table is `node test/calibration/test-runs.ts`; these are its worst cells, with as few requests as still tell.
describe('a test run that does nothing is hardly ever said to hurt users', () => {
  it.each([
    'a third of all requests fail for 1 to 5 s',
    'all requests of a process fail for 1 to 5 s, every 15 minutes',
    'half as slow again within an hour',
  ])('where %s', (name) => {
    const { hurt, watched } = runRates(harmless[name]!, { runs: 15, perSecond: 3, processes: 1 })
    // Of 15, three at most: at the promised rate there are more in one of 180 tries, and these seeds are fixed.
    const most = 3 / 15
    expect(defaultPolicy.alpha).toBe(0.05)
    expect(hurt).toBeLessThanOrEqual(most)
    expect(watched).toBeLessThanOrEqual(most)
  })
})

it('one that makes users wait three times as long is found within three minutes, always', () => {
  const { hurt, watched, seconds } = runRates(harmful['users wait three times as long']!, {
    runs: 5,
    perSecond: 3,
    processes: 1,
  })
  expect([hurt, watched]).toEqual([1, 1])
  expect(seconds).toBeLessThanOrEqual(180)
})

import { describe, expect, test } from 'vitest'
import { eventsOf } from '../../../test/calibration/generate.ts'
import { dispersedShareProcess, dispersionOf } from './dispersion.ts'
import { type Random, randomOf } from './random.ts'
import { type Counts, shareProcess } from './share.ts'

const most = (level: number, runs: number) => level + 3 * Math.sqrt((level * (1 - level)) / runs)

describe('counts in batches', () => {
  test.each([1, 2, 5, 10])(
    'batches of %d: raw counts raise false alarms, divided by their dispersion they do not',
    (batch) => {
      const runs = 400
      let raw = 0
      let divided = 0
      for (let run = 0; run < runs; run += 1) {
        const blocks = counts(randomOf(run), 0.1, batch)
        if (alarms(shareProcess({ alternative: 'different', share: 0.1, concentration: 100 }), blocks)) raw += 1
        if (alarms(dispersedShareProcess({ alternative: 'different', share: 0.1, concentration: 100 }), blocks))
          divided += 1
      }
      expect(divided / runs).toBeLessThan(most(0.05, runs))
      if (batch >= 2) expect(raw / runs).toBeGreaterThan(0.15)
      if (batch >= 5) expect(raw / runs).toBeGreaterThan(0.5)
    },
  )

  test('a fifth of the traffic lost is seen through batches of five, and the dispersion is about the batch', () => {
    const blocks = counts(randomOf(1), 0.1 * 0.8, 5)
    expect(alarms(dispersedShareProcess({ alternative: 'less', share: 0.1, concentration: 1000 }), blocks)).toBe(true)
    const alike = counts(randomOf(2), 0.1, 5)
    expect(dispersionOf(alike, 0.1)).toBeGreaterThan(4)
    expect(dispersionOf(alike, 0.1)).toBeLessThan(6)
  })

  // Half an hour of ticks, some 500 units each, in batches that go to one arm.
  function counts(draw: Random, share: number, batch: number): Counts[] {
    return Array.from({ length: 360 }, () => {
      const batches = Math.round((500 * (0.7 + 0.6 * draw())) / batch)
      const canary = eventsOf(batches, share, draw)
      return { stable: batch * (batches - canary), canary: batch * canary }
    })
  }

  function alarms(process: ReturnType<typeof shareProcess>, blocks: readonly Counts[]): boolean {
    for (const block of blocks) process.add(block)
    return process.maxLogE >= Math.log(20)
  }
})

test('the value of the example in the comment', () => {
  const blocks = [
    { stable: 90, canary: 10 },
    { stable: 80, canary: 20 },
  ]
  expect(dispersionOf(blocks, 0.1)).toBeCloseTo(5.56, 2)
})

test('a share that is none is an error that names it', () => {
  expect(() => dispersionOf([], 0)).toThrow('share')
})

import { describe, expect, it } from 'vitest'
import { totalOf } from './increase.ts'
import { incrementsOf, intervalOf } from './increments.ts'
import type { Labels } from './labels.ts'
import type { Scraped } from './samples.ts'

const second = 1000
const timing = { readFromMs: 0, startMs: 300 * second, warmUpMs: 0, intervalMs: 15 * second }
const at = (from: number, count: number): number[] => Array.from({ length: count }, (_, more) => from + 15 * more)

/** A counter's samples, at seconds. */
function counter(labels: Labels, times: readonly number[], values: readonly number[]): Scraped {
  return {
    labels: { job: 'app', instance: 'a', ...labels },
    times: times.map((time) => time * second),
    values: values.map((count) => ({ scale: 0, zero: 0, indices: [0], counts: [count], zeroTo: 0 })),
    bounds: null,
  }
}

const told = (series: readonly Scraped[], more = {}) => {
  const { increments, undated } = incrementsOf(series, { ...timing, ...more })
  return {
    undated,
    increments: increments.map(({ series, fromMs, toMs, increase }) => [
      series.labels['status'] ?? 'fine',
      fromMs / second,
      toMs / second,
      totalOf(increase),
    ]),
  }
}

describe('increments', () => {
  it('are what was counted from scrape to scrape, after the start of the window', () => {
    expect(told([counter({}, at(270, 5), [100, 110, 110, 125, 127])])).toEqual({
      undated: 0,
      increments: [
        ['fine', 300, 315, 15],
        ['fine', 315, 330, 2],
      ],
    })
  })

  it('leave out what the first scrape of a new process had counted', () => {
    expect(told([counter({}, at(600, 3), [7, 9, 12])])).toEqual({
      undated: 7,
      increments: [
        ['fine', 600, 615, 2],
        ['fine', 615, 630, 3],
      ],
    })
  })

  it('count the first error of a process that was scraped before', () => {
    const fine = counter({}, at(285, 5), [10, 20, 30, 40, 50])
    const failed = counter({ status: 'error' }, [330, 345], [1, 1])
    expect(told([fine, failed]).increments).toContainEqual(['error', 315, 330, 1])
  })

  it('do not take a series whose labels changed for one that began', () => {
    const before = counter({ zone: 'a' }, at(285, 3), [100, 110, 120])
    const after = counter({ zone: 'b' }, at(330, 2), [130, 140])
    const { increments, undated } = told([before, after])
    expect(increments.map(([, , to, n]) => [to, n])).toEqual([
      [315, 10],
      [345, 10],
    ])
    expect(undated).toBe(130)
  })

  it('of a process that began anew are what it has counted since', () => {
    expect(told([counter({}, at(285, 4), [100, 110, 4, 9])]).increments).toEqual([
      ['fine', 300, 315, 4],
      ['fine', 315, 330, 5],
    ])
  })

  it('count the same error of a process that began anew, though its count is not less', () => {
    const fine = counter({}, at(285, 6), [100, 110, 120, 5, 10, 15])
    const failed = counter({ status: 'error' }, [285, 300, 315, 360], [1, 1, 1, 1])
    expect(told([fine, failed]).increments).toContainEqual(['error', 345, 360, 1])
  })

  it('leave out what a process counted while it was not scraped, where it began anew meanwhile', () => {
    expect(told([counter({}, [285, 300, 900, 915], [100, 110, 50, 60])])).toEqual({
      undated: 50,
      increments: [['fine', 900, 915, 10]],
    })
  })

  it('of scrapes that were missed come with the next', () => {
    expect(told([counter({}, [285, 300, 360], [100, 110, 150])]).increments).toEqual([['fine', 300, 360, 40]])
  })

  it('know what is warming up: a process that appears after samples were read', () => {
    const warming = (series: Scraped) =>
      incrementsOf([series], { ...timing, warmUpMs: 60 * second }).increments.map(({ warmingUp }) => warmingUp)
    expect(warming(counter({}, at(600, 7), [1, 2, 3, 4, 5, 6, 7]))).toEqual([true, true, true, true, false, false])
    expect(warming(counter({}, at(15, 22), at(15, 22)))).toEqual([false, false])
  })

  it('refuse counts that are not whole', () => {
    expect(() => told([counter({ __name__: 'x:rate' }, at(285, 4), [1, 2, 3.5, 4])])).toThrow(
      'x:rate grew by 1.5, which is not a whole number of requests',
    )
  })

  it('come at the interval of the arm that is scraped less often', () => {
    expect(intervalOf([[counter({}, at(0, 9), at(0, 9))], [counter({}, [0, 60, 120], [1, 2, 3])]])).toBe(60 * second)
  })
})

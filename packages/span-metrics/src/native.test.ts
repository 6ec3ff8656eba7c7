import { randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { increaseOf } from './increase.ts'
import { type Cumulative, nativeOf } from './native.ts'

const bucket = (index: number, schema: number, count: number): [number, string, string, string] => [
  0,
  String(2 ** (index / 2 ** schema)),
  String(2 ** ((index + 1) / 2 ** schema)),
  String(count),
]
const histogram = (more: Partial<Cumulative>): Cumulative => ({
  scale: 3,
  zero: 0,
  indices: [],
  counts: [],
  zeroTo: 0,
  ...more,
})

describe('a native histogram', () => {
  it.each([-4, -1, 0, 1, 3, 5, 8])('of schema %i is read from the edges of its buckets', (schema) => {
    const random = randomOf(schema + 10)
    const indices = [...new Set(Array.from({ length: 20 }, () => Math.floor(2 ** schema * (20 * random() - 15))))].sort(
      (a, b) => a - b,
    )
    expect(nativeOf({ buckets: indices.map((index) => bucket(index, schema, 7)) })).toEqual(
      histogram({ scale: schema, indices, counts: indices.map(() => 7) }),
    )
  })

  it('counts as zero what is about zero, or below', () => {
    const buckets = [[1, '-2', '-1', '1'], [3, '-0.001', '0.001', '4'], bucket(-16, 3, 2)]
    expect(nativeOf({ buckets })).toEqual(histogram({ zero: 5, zeroTo: 0.001, indices: [-16], counts: [2] }))
  })

  it('of custom buckets is none', () => {
    expect(nativeOf({ buckets: [[0, '0.1', '0.25', '3']] })).toBeUndefined()
    expect(nativeOf({ buckets: [bucket(3, 3, 1), [0, '1.5', '2.1', '3']] })).toBeUndefined()
  })
})

describe('what it counted since', () => {
  it('is the difference, bucket by bucket', () => {
    const before = histogram({ zero: 1, indices: [1, 2, 9], counts: [5, 1, 3] })
    const after = histogram({ zero: 3, indices: [1, 2, 4, 9], counts: [7, 1, 2, 3] })
    expect(increaseOf(before, after)).toEqual({
      increase: { scale: 3, zero: 2, indices: [1, 4], counts: [2, 2] },
      reset: false,
    })
  })

  it('is told in the wider buckets where it outgrew its limit', () => {
    const before = histogram({ indices: [1, 2, 9], counts: [5, 1, 3] })
    const after = histogram({ scale: 2, indices: [0, 1, 4], counts: [6, 1, 4] })
    expect(increaseOf(before, after)).toEqual({
      increase: { scale: 2, zero: 0, indices: [0, 4], counts: [1, 1] },
      reset: false,
    })
  })

  it('is told with the wider zero where that outgrew its limit', () => {
    const before = histogram({ zero: 1, indices: [-8, 3], counts: [5, 1] })
    const after = histogram({ zero: 8, zeroTo: 2 ** (-7 / 8), indices: [3], counts: [2] })
    expect(increaseOf(before, after)).toEqual({
      increase: { scale: 3, zero: 2, indices: [3], counts: [1] },
      reset: false,
    })
  })

  it('is all of it where a bucket has less than before', () => {
    const before = histogram({ indices: [1, 2], counts: [5, 1] })
    const after = histogram({ indices: [1, 2], counts: [9, 0] })
    expect(increaseOf(before, after)).toMatchObject({ increase: { counts: [9, 0] }, reset: true })
  })
})

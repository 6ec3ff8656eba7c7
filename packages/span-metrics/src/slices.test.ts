import type { Slice } from '@coalmine/comparator'
import { describe, expect, it } from 'vitest'
import type { Increment } from './increments.ts'
import type { Labels } from './labels.ts'
import { type SliceOptions, slicesOf } from './slices.ts'

const second = 1000
const options: SliceOptions = {
  cellMs: 15 * second,
  borderMs: 0,
  fromCanary: false,
  endMs: 600 * second,
  unit: 1,
  latency: true,
  slowerThan: new Map(),
}
const bounds = [0.1, 0.25, 0.5]

function increment(
  fromSeconds: number,
  toSeconds: number,
  counts: Readonly<Record<number, number>>,
  more: {
    readonly labels?: Labels
    readonly bounds?: readonly number[] | null
    readonly scale?: number
    readonly zero?: number
  } = {},
): Increment {
  const { labels = {}, scale = 0, zero = 0 } = more
  return {
    series: {
      labels: { span_name: 'GET /', ...labels },
      times: [],
      values: [],
      bounds: more.bounds === undefined ? bounds : more.bounds,
    },
    fromMs: fromSeconds * second,
    toMs: toSeconds * second,
    increase: { scale, zero, indices: Object.keys(counts).map(Number), counts: Object.values(counts) },
    warmingUp: false,
  }
}

const of = (slices: readonly Slice[], metric: string) =>
  slices
    .filter((slice) => slice.metric === metric)
    .map(({ tick, stable, canary }) => [(tick + 5 * second) / second, stable, canary] as const)

it('has client errors by their code', () => {
  const coded = (fromSeconds: number, labels: Labels) => increment(fromSeconds, fromSeconds + 15, { 0: 5 }, { labels })
  const { slices, clientCodes } = slicesOf(
    {
      stable: [coded(300, {}), coded(300, { http_response_status_code: '404' })],
      canary: [coded(300, { http_response_status_code: '404' }), coded(300, { grpc_code: 'Unauthenticated' })],
    },
    options,
  )
  expect(of(slices, 'client-errors')).toMatchObject([[315, { n: 10, events: 5 }, { n: 10, events: 10 }]])
  expect(clientCodes).toMatchObject([
    { type: 'HTTP 404', operation: 'GET /', stable: { n: 10, events: 5 }, canary: { n: 10, events: 5 } },
    { type: 'gRPC UNAUTHENTICATED', stable: { n: 10, events: 0 }, canary: { n: 10, events: 5 } },
  ])
})

describe('cells', () => {
  it('are of what was scraped in them, in each arm', () => {
    const { slices, joined } = slicesOf(
      {
        stable: [increment(300, 315, { 0: 5, 1: 2 }), increment(315, 330, { 0: 4 })],
        canary: [increment(302, 317, { 1: 1 }), increment(290, 305, { 2: 3 }, { labels: { status_code: 'ERROR' } })],
      },
      options,
    )
    expect(joined).toBe(0)
    expect(of(slices, 'requests')).toEqual([
      [315, { kind: 'count', n: 7 }, { kind: 'count', n: 3 }],
      [330, { kind: 'count', n: 4 }, { kind: 'count', n: 1 }],
    ])
    expect(of(slices, 'errors').map(([, , canary]) => canary)).toEqual([
      { kind: 'rate', n: 3, events: 3 },
      { kind: 'rate', n: 1, events: 0 },
    ])
    expect(of(slices, 'latency')[0]![1]).toEqual({
      kind: 'distribution',
      n: 7,
      bounds,
      histogram: { scale: 0, zero: 0, indices: [0, 1], counts: [5, 2] },
    })
  })

  it('are one where a scrape between them was missed, for both arms', () => {
    const { slices, joined } = slicesOf(
      {
        stable: [increment(300, 315, { 0: 5 }), increment(315, 330, { 0: 4 }), increment(330, 345, { 0: 3 })],
        canary: [increment(302, 347, { 0: 30 })],
      },
      options,
    )
    expect(joined).toBe(2)
    expect(of(slices, 'requests')).toEqual([
      [315, { kind: 'count', n: 5 }, { kind: 'count', n: 0 }],
      [360, { kind: 'count', n: 7 }, { kind: 'count', n: 30 }],
    ])
  })

  it('begin with the first of the canary, where it was not there before', () => {
    const stable = [increment(285, 300, { 0: 5 }), increment(300, 315, { 0: 4 })]
    const canary = [increment(302, 314, { 0: 1 })]
    const { slices, startMs, requests } = slicesOf({ stable, canary }, { ...options, fromCanary: true })
    expect(of(slices, 'requests').map(([end]) => end)).toEqual([315])
    expect({ startMs, requests }).toEqual({ startMs: 300 * second, requests: { stable: 4, canary: 1 } })
  })

  it('are not told before they are complete', () => {
    const stable = [increment(585, 600, { 0: 1 }), increment(600, 610, { 0: 1 })]
    expect(of(slicesOf({ stable, canary: [] }, options).slices, 'requests')).toHaveLength(1)
  })

  it('are not told of buckets that differ', () => {
    const stable = [increment(300, 315, { 0: 5 })]
    const canary = [increment(300, 315, { 0: 5 }, { bounds: [0.1, 0.5] })]
    expect(slicesOf({ stable, canary }, options)).toMatchObject({
      bucketsDiffer: { operation: 'GET /', bounds: [bounds, [0.1, 0.5]] },
      requests: { stable: 5, canary: 5 },
      slices: [],
    })
  })

  it('tell how many were slower than a bound', () => {
    const slowerThan = new Map([['slower-than-250ms', 0.25]])
    const stable = [increment(300, 315, { 0: 5, 1: 2, 2: 4, 3: 1 })]
    expect(of(slicesOf({ stable, canary: [] }, { ...options, slowerThan }).slices, 'slower-than-250ms')[0]![1]).toEqual(
      {
        kind: 'rate',
        n: 12,
        events: 5,
      },
    )
    expect(() => slicesOf({ stable, canary: [] }, { ...options, slowerThan: new Map([['x', 0.3]]) })).toThrow(
      'GET / is counted up to 100ms, 250ms, 500ms: name one of those',
    )
  })
})

describe('cells of native histograms', () => {
  it('of seconds are told as they are, in the widest of their buckets', () => {
    const stable = [increment(300, 315, { 4: 5, 5: 1 }, { bounds: null, scale: 3, zero: 2 })]
    const canary = [increment(300, 315, { 2: 3 }, { bounds: null, scale: 2 })]
    expect(of(slicesOf({ stable, canary }, options).slices, 'latency')).toEqual([
      [
        315,
        { kind: 'distribution', n: 8, histogram: { scale: 2, zero: 2, indices: [2], counts: [6] } },
        { kind: 'distribution', n: 3, histogram: { scale: 2, zero: 0, indices: [2], counts: [3] } },
      ],
    ])
  })

  it('of milliseconds are told by their bounds in seconds', () => {
    const stable = [increment(300, 315, { 4: 5 }, { bounds: null, zero: 2 })]
    const canary = [increment(300, 315, { 6: 3 }, { bounds: null })]
    const slowerThan = new Map([['slower-than-60ms', 0.06]])
    const { slices } = slicesOf({ stable, canary }, { ...options, unit: 0.001, slowerThan })
    const edges = [0.016, 0.032, 0.064, 0.128]
    expect(of(slices, 'latency')).toEqual([
      [
        315,
        {
          kind: 'distribution',
          n: 7,
          bounds: edges,
          histogram: { scale: 0, zero: 0, indices: [0, 1], counts: [2, 5] },
        },
        { kind: 'distribution', n: 3, bounds: edges, histogram: { scale: 0, zero: 0, indices: [3], counts: [3] } },
      ],
    ])
    // The first edge above: 64 ms.
    expect(of(slices, 'slower-than-60ms')).toEqual([
      [315, { kind: 'rate', n: 7, events: 0 }, { kind: 'rate', n: 3, events: 3 }],
    ])
  })
})

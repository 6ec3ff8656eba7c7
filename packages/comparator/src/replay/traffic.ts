import { drawBinomial, drawMultinomial, type Histogram, type Random } from '@coalmine/stats'
import { requestCount, type Side, type Slice } from '../slice.ts'
import type { BaselineOperation } from './baseline.ts'
import { type Effect, slower, worseRate } from './effect.ts'

/** What is simulated: a canary that gets `share` of the baseline's traffic, with at most one regression. */
export interface Simulated {
  readonly share: number
  readonly effect: Effect | null
  /** The metrics that are looked at; requests are counted for all. */
  readonly metrics: readonly string[]
  readonly ticks: number
  readonly tickMs: number
}

/** Draws the slices of one canary on a baseline. What does not change from canary to canary is worked out once. */
export function trafficOn(
  baseline: readonly BaselineOperation[],
  { share, effect, metrics, ticks, tickMs }: Simulated,
): (random: Random) => Slice[] {
  const operations = baseline.map((one) => ({
    ...one,
    sidesOf: metrics.flatMap((metric) => sidesOf(metric, one, effect)),
  }))
  return (random) => {
    const slices: Slice[] = []
    for (const { operation, requestsPerSecond, sidesOf } of operations) {
      const perTick = (requestsPerSecond * tickMs) / 1000
      for (let at = 0; at < ticks; at += 1) {
        const all = Math.floor(perTick * (at + 1)) - Math.floor(perTick * at)
        const m = drawBinomial(all, share, random)
        const n = all - m
        const cell = { tick: at * tickMs, operation }
        slices.push({ ...cell, metric: requestCount, stable: { kind: 'count', n }, canary: { kind: 'count', n: m } })
        for (const { metric, stable, canary } of sidesOf) {
          slices.push({ ...cell, metric, stable: stable(n, random), canary: canary(m, random) })
        }
      }
    }
    return slices
  }
}

type Draw = (n: number, random: Random) => Side

/** How one metric is drawn of both arms; nothing for a metric that the baseline does not have. */
function sidesOf(
  metric: string,
  { latency, errors, clientErrors }: BaselineOperation,
  effect: Effect | null,
): { readonly metric: string; readonly stable: Draw; readonly canary: Draw }[] {
  const times = effect?.metric === metric ? effect.times : 1
  switch (metric) {
    case 'latency':
      return [{ metric, stable: values(latency), canary: values(times === 1 ? latency : slower(latency, times)) }]
    case 'errors':
      return [{ metric, stable: events(errors), canary: events(times === 1 ? errors : worseRate(errors, times)) }]
    case 'client-errors':
      return [
        {
          metric,
          stable: events(clientErrors),
          canary: events(times === 1 ? clientErrors : worseRate(clientErrors, times)),
        },
      ]
    default:
      return []
  }
}

function events(chance: number): Draw {
  return (n, random) => ({ kind: 'rate', n, events: drawBinomial(n, chance, random) })
}

function values(latency: Histogram): Draw {
  const draw = valuesOf(latency)
  return (n, random) => ({ kind: 'distribution', n, histogram: draw(n, random) })
}

/** From so many values on, drawing each bucket's count is quicker than drawing each value. */
const manyValues = 2000

/** Draws histograms of n values of a distribution. */
function valuesOf({ scale, zero, indices, counts }: Histogram): (n: number, random: Random) => Histogram {
  const weights = [zero, ...counts]
  const upTo: number[] = []
  let sum = 0
  for (const weight of weights) {
    sum += weight
    upTo.push(sum)
  }
  return (n, random) => {
    const drawn = n >= manyValues ? drawMultinomial(n, weights, random) : drawEach(n, random)
    const held = indices.flatMap((index, at) => (drawn[at + 1]! > 0 ? [{ index, count: drawn[at + 1]! }] : []))
    return {
      scale,
      zero: drawn[0]!,
      indices: held.map(({ index }) => index),
      counts: held.map(({ count }) => count),
    }
  }

  function drawEach(n: number, random: Random): number[] {
    const drawn = weights.map(() => 0)
    for (let value = 0; value < n; value += 1) {
      const wanted = random() * sum
      let low = 0
      let high = upTo.length - 1
      while (low < high) {
        const middle = (low + high) >> 1
        if (upTo[middle]! < wanted) low = middle + 1
        else high = middle
      }
      drawn[low]! += 1
    }
    return drawn
  }
}

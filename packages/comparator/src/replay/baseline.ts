import { countOf, type Histogram, mergeHistograms } from '@coalmine/stats'
import { otherOperations } from '../scopes.ts'
import type { Side, Slice } from '../slice.ts'

/** Stable's traffic at one operation over all time, for which a canary is planned. */
export interface BaselineOperation {
  readonly operation: string
  readonly requestsPerSecond: number
  /** Seconds. */
  readonly latency: Histogram
  /** Shares of requests, between 0 and 1. */
  readonly errors: number
  readonly clientErrors: number
}

/** Operations beyond so many are taken together: their part of the traffic is small, and simulating each costs the same. */
const shownOperations = 10

/**
 * The baseline of a service: stable's side of its slices, all ticks together, operations with most traffic first.
 *
 * @param seconds how long the slices took.
 * @example baselineOf(slices, 7200)[0].requestsPerSecond // 42.5
 */
export function baselineOf(slices: Iterable<Slice>, seconds: number): BaselineOperation[] {
  const totals = new Map<string, Side[][]>()
  for (const { operation, metric, stable } of slices) {
    const sides = totals.get(operation) ?? []
    totals.set(operation, sides)
    const at = kinds.indexOf(metric as (typeof kinds)[number])
    if (at < 0) continue
    sides[at] ??= []
    sides[at].push(stable)
  }
  const all = [...totals]
    .map(([operation, sides]) => operationOf(operation, sides, seconds))
    .filter(({ requestsPerSecond, latency }) => requestsPerSecond > 0 && countOf(latency) > 0)
    .sort((a, b) => b.requestsPerSecond - a.requestsPerSecond || (a.operation < b.operation ? -1 : 1))
  const rest = all.slice(shownOperations)
  return rest.length < 2 ? all : [...all.slice(0, shownOperations), together(rest)]
}

const kinds = ['requests', 'errors', 'client-errors', 'latency'] as const

function operationOf(
  operation: string,
  [requests = [], errors = [], clientErrors = [], latency = []]: readonly Side[][],
  seconds: number,
): BaselineOperation {
  return {
    operation,
    requestsPerSecond: requests.reduce((sum, { n }) => sum + n, 0) / seconds,
    latency: mergeHistograms(latency.flatMap((side) => (side.kind === 'distribution' ? [side.histogram] : []))),
    errors: rateOf(errors),
    clientErrors: rateOf(clientErrors),
  }
}

function rateOf(sides: readonly Side[]): number {
  const n = sides.reduce((sum, side) => sum + side.n, 0)
  const events = sides.reduce((sum, side) => sum + (side.kind === 'rate' ? side.events : 0), 0)
  return n === 0 ? 0 : events / n
}

function together(operations: readonly BaselineOperation[]): BaselineOperation {
  const all = operations.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0)
  const mean = (rate: 'errors' | 'clientErrors'): number =>
    operations.reduce((sum, one) => sum + one[rate] * one.requestsPerSecond, 0) / all
  return {
    operation: otherOperations,
    requestsPerSecond: all,
    latency: mergeHistograms(operations.map(({ latency }) => latency)),
    errors: mean('errors'),
    clientErrors: mean('clientErrors'),
  }
}

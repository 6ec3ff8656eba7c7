import {
  type CellSum,
  emptyHistogram,
  eventSum,
  type FourCells,
  type Histogram,
  logSum,
  mergeHistograms,
  type Rate,
  tailSums,
  weightedQuantile,
} from '@coalmine/stats'
import type { Finding, Statistic } from '../finding.ts'
import { aboveZero, shareAboveZero } from '../numeric-parts.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import { requestCount, type Side, type Slice } from '../slice.ts'

/** Requests with two variants of a flag, in both cohorts. */
export interface FlagTraffic {
  readonly flag: string
  /** The variant more frequent in stable, then the one more frequent in the canary. */
  readonly variants: readonly [string, string]
  /** The slices of requests with the first and with the second variant, with stable and canary as usual. */
  readonly slices: readonly [readonly Slice[], readonly Slice[]]
}

/** One cohort's requests with one variant, over the whole window. */
export interface Cell {
  readonly cohort: 'stable' | 'canary'
  readonly variant: string
  /** Number of values. */
  readonly count: number
  /** For rates: how many of them had the event. */
  readonly events: number | null
  /** In the finding's unit, from the ticks in which all four cells can be compared; null if there are none. */
  readonly value: number | null
}

/**
 * What is compared for a finding: the `share` of events, or the logarithm of values, whose effects are ratios. Higher is always worse:
 * if lower values hurt, it is the missing share, or 1/x.
 */
export interface CellEvidence {
  readonly kind: 'share' | 'log'
  readonly blocks: readonly FourCells[]
  /** Stable with the first and the second variant, then the canary likewise. */
  readonly cells: readonly [Cell, Cell, Cell, Cell]
}

type Focus = Pick<Finding, 'metric' | 'part' | 'statistic' | 'unit'>
type Four<Value> = readonly [Value, Value, Value, Value]

// Ticks with an empty cell or few requests are joined with the next.
const smallestBlock = 20

/** Evidence on the finding's part in the four cells, block by block. */
export function cellEvidence(
  { slices, variants }: FlagTraffic,
  finding: Focus,
  worse: MetricPolicy['worse'],
): CellEvidence {
  const blocks = [...sidesByOperation(slices, finding.metric)].flatMap(([, ticks]) => blocksOf(ticks))
  return {
    kind: finding.part === 'typical' ? 'log' : 'share',
    blocks: blocks.map(({ tick, sides }) => ({ tick, cells: sumsOf(sides, finding.part, worse) })),
    cells: describedCells(blocks, variants, finding),
  }
}

interface Block {
  readonly tick: number
  readonly sides: Four<Side>
}

/** The sides of each cell, operation by operation and tick by tick. */
function sidesByOperation(slices: FlagTraffic['slices'], metric: string): Map<string, Map<number, (Side | null)[]>> {
  const operations = new Map<string, Map<number, (Side | null)[]>>()
  for (const [second, some] of slices.entries())
    for (const slice of some) {
      if (slice.metric !== metric || metric === requestCount) continue
      const ticks = operations.get(slice.operation) ?? new Map<number, (Side | null)[]>()
      operations.set(slice.operation, ticks)
      const sides = ticks.get(slice.tick) ?? [null, null, null, null]
      sides[second] = joined([sides[second], slice.stable])
      sides[2 + second] = joined([sides[2 + second], slice.canary])
      ticks.set(slice.tick, sides)
    }
  return operations
}

/** Blocks of one operation in which no cell is empty. */
function blocksOf(ticks: ReadonlyMap<number, readonly (Side | null)[]>): Block[] {
  const blocks: Block[] = []
  let open: (Side | null)[] = [null, null, null, null]
  for (const [tick, sides] of [...ticks].sort(([a], [b]) => a - b)) {
    open = open.map((side, at) => joined([side, sides[at]]))
    const counts = open.map((side) => side?.n ?? 0)
    if (counts.some((n) => n === 0) || counts.reduce((sum, n) => sum + n, 0) < smallestBlock) continue
    blocks.push({ tick, sides: open as unknown as Four<Side> })
    open = [null, null, null, null]
  }
  return blocks
}

function joined(sides: readonly (Side | null | undefined)[]): Side | null {
  const some = sides.filter((side) => side !== null && side !== undefined)
  const [first] = some
  if (first === undefined || some.length === 1) return first ?? null
  const n = some.reduce((sum, side) => sum + side.n, 0)
  switch (first.kind) {
    case 'rate':
      return { kind: 'rate', n, events: some.reduce((sum, side) => sum + rateOf(side).events, 0) }
    case 'distribution':
      return {
        kind: 'distribution',
        n,
        histogram: mergeHistograms(some.flatMap((side) => (side.kind === 'distribution' ? [side.histogram] : []))),
      }
    case 'count':
      return { kind: 'count', n }
  }
}

function sumsOf(sides: Four<Side>, part: Finding['part'], worse: MetricPolicy['worse']): Four<CellSum> {
  const values = (side: Side): Histogram =>
    side.kind === 'distribution' ? aboveZero(side.histogram, worse) : emptyHistogram()
  const share = tailOf(part)
  if (share !== null) return tailSums(sides.map(values), share) as unknown as Four<CellSum>
  const sum = (side: Side): CellSum => {
    if (part === 'typical') return logSum(values(side))
    const { n, events } = rateOf(side)
    return eventSum({ n, events: worse === 'higher' ? events : n - events })
  }
  return [sum(sides[0]), sum(sides[1]), sum(sides[2]), sum(sides[3])]
}

/** A side as a rate: for a number, how many values are above zero. */
function rateOf(side: Side): Rate {
  if (side.kind === 'distribution') return shareAboveZero(side.histogram)
  return side.kind === 'rate' ? side : { n: side.n, events: 0 }
}

/** The share of values in the tail of a finding; null if it is about all values. */
function tailOf(part: Finding['part']): number | null {
  const [, percents] = /^(?:slowest|highest|lowest) (\d+) %$/.exec(part) ?? []
  return percents === undefined ? null : Number(percents) / 100
}

/** The cells for display: blocks have the same weights in all four, by the sizes of their cells. */
function describedCells(
  blocks: readonly Block[],
  variants: FlagTraffic['variants'],
  finding: Focus,
): CellEvidence['cells'] {
  const weights = blocks.map(({ sides }) => 1 / sides.reduce((sum, { n }) => sum + 1 / n, 0))
  const cellAt = (at: 0 | 1 | 2 | 3): Cell => {
    const sides = blocks.map(({ sides }) => sides[at])
    const isRate = finding.unit === 'share'
    return {
      cohort: at < 2 ? 'stable' : 'canary',
      variant: variants[(at % 2) as 0 | 1],
      count: sides.reduce((sum, { n }) => sum + n, 0),
      events: isRate ? sides.reduce((sum, side) => sum + rateOf(side).events, 0) : null,
      value: isRate ? shareIn(sides, weights) : quantileIn(sides, weights, finding.statistic),
    }
  }
  return [cellAt(0), cellAt(1), cellAt(2), cellAt(3)]
}

function shareIn(sides: readonly Side[], weights: readonly number[]): number | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return null
  const share = (side: Side): number => rateOf(side).events / rateOf(side).n
  return sides.reduce((sum, side, at) => sum + weights[at]! * share(side), 0) / total
}

function quantileIn(sides: readonly Side[], weights: readonly number[], statistic: Statistic): number | null {
  const q = Number(/^p(\d+)$/.exec(statistic)?.[1] ?? 50) / 100
  const histograms = sides.flatMap((side) => (side.kind === 'distribution' ? [side.histogram] : []))
  const shares = sides.map(({ n }, at) => weights[at]! / n)
  return weightedQuantile(histograms, shares, q) ?? null
}

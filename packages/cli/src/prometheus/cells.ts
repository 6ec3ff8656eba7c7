import { requestCount, type Side, type Slice, type SpanMetricsFacts, tickMs } from '@coalmine/comparator'
import { CommandError } from '../exit-codes.ts'
import { type Increase, totalOf } from './increase.ts'
import type { Increment } from './increments.ts'
import { operationOf, outcomeOf } from './labels.ts'

type Arm = 'stable' | 'canary'

export interface Cells {
  /** When the first of them begins. */
  readonly startMs: number
  readonly slices: readonly Slice[]
  /** How many cells were joined to another since a scrape between them was missed. */
  readonly joined: number
  readonly requests: Readonly<Record<Arm, number>>
  readonly warmUp: Readonly<Record<Arm, number>>
  readonly bucketsDiffer: SpanMetricsFacts['bucketsDiffer']
}

export interface CellOptions {
  readonly cellMs: number
  /** A moment at which a cell begins. */
  readonly borderMs: number
  /** Whether cells before the canary's first are left out: it was not there yet. */
  readonly fromCanary: boolean
  /** Cells that end later are not complete. */
  readonly endMs: number
  /** How many seconds a value of a native histogram is. */
  readonly unit: number
  /** Whether the increases are those of histograms. */
  readonly latency: boolean
  /** Shares of slow requests that are judged: by metric, from how many seconds on. */
  readonly slowerThan: ReadonlyMap<string, number>
}

/** One arm in one cell of one operation. */
interface Counted {
  n: number
  errors: number
  clientErrors: number
  /** Values by bucket, and those that were counted while nothing warmed up. */
  readonly all: Map<number, number>
  readonly warm: Map<number, number>
}

/**
 * Increments as slices: all that was counted until a scrape belongs to the cell in which the scrape was. A cell is as long as an
 * interval, so that each series is scraped once in each: cohorts are compared within one interval of each other. Where a scrape
 * was missed the cells that its counts may be of are one.
 */
export function cellsOf(increments: Readonly<Record<Arm, readonly Increment[]>>, options: CellOptions): Cells {
  const { cellMs, borderMs, fromCanary, endMs } = options
  const cellOf = (ms: number): number => Math.ceil((ms - borderMs) / cellMs) - 1
  const endOf = (cell: number): number => borderMs + (cell + 1) * cellMs
  const both = (['stable', 'canary'] as const).flatMap((arm) => increments[arm].map((one) => ({ arm, ...one })))
  const cellsIn = (some: readonly Increment[]): number[] => some.map(({ toMs }) => cellOf(toMs))
  const first = cellsIn(fromCanary ? increments.canary : both).reduce((least, cell) => Math.min(least, cell), Infinity)
  const complete = both.filter(({ toMs }) => cellOf(toMs) >= first && endOf(cellOf(toMs)) <= endMs)
  const joined = new Set<number>()
  for (const { fromMs, toMs } of complete)
    for (let cell = cellOf(toMs); cell > cellOf(fromMs) + 1; cell -= 1) joined.add(cell - 1)
  const lastOf = (cell: number): number => {
    let last = cell
    while (joined.has(last)) last += 1
    return last
  }

  const operations = new Map<string, typeof complete>()
  for (const one of complete) {
    const operation = operationOf(one.series.labels)
    const known = operations.get(operation)
    if (known) known.push(one)
    else operations.set(operation, [one])
  }
  const requests = { stable: 0, canary: 0 }
  const warmUp = { stable: 0, canary: 0 }
  const slices: Slice[] = []
  let bucketsDiffer: Cells['bucketsDiffer'] = null
  for (const [operation, own] of operations) {
    for (const { arm, increase } of own) requests[arm] += totalOf(increase)
    const different = boundsIn(own)
    if (different.length > 1) {
      bucketsDiffer ??= { operation, bounds: different }
      continue
    }
    const scale = own.reduce((least, { increase }) => Math.min(least, increase.scale), 20)
    const cells = new Map<number, Record<Arm, Counted>>()
    for (const { arm, series, toMs, increase, warmingUp } of own) {
      const cell = lastOf(cellOf(toMs))
      const counted = cells.get(cell) ?? { stable: nothing(), canary: nothing() }
      cells.set(cell, counted)
      const n = totalOf(increase)
      const outcome = outcomeOf(series.labels)
      if (warmingUp) warmUp[arm] += n
      counted[arm].n += n
      if (outcome === 'error') counted[arm].errors += n
      if (outcome === '4xx') counted[arm].clientErrors += n
      count(increase, scale, counted[arm].all)
      if (!warmingUp) count(increase, scale, counted[arm].warm)
    }
    const axis = axisOf(operation, different[0] ?? null, scale, cells.values(), options)
    for (const [cell, counted] of cells) {
      // The end of a slice's tick is when it was complete.
      const at = { tick: endOf(cell) - tickMs, operation }
      const sides = (side: (one: Counted) => Side): Pick<Slice, Arm> => ({
        stable: side(counted.stable),
        canary: side(counted.canary),
      })
      const rate = (metric: string, events: (one: Counted) => number): void =>
        void slices.push({ ...at, metric, ...sides((one) => ({ kind: 'rate', n: one.n, events: events(one) })) })
      slices.push({ ...at, metric: requestCount, ...sides(({ n }) => ({ kind: 'count', n })) })
      rate('errors', ({ errors }) => errors)
      rate('4xx', ({ clientErrors }) => clientErrors)
      if (!axis) continue
      slices.push({ ...at, metric: 'latency', ...sides(({ warm }) => axis.side(warm)) })
      for (const [metric, from] of axis.slow)
        rate(metric, ({ all }) => [...all].reduce((sum, [index, n]) => (index >= from ? sum + n : sum), 0))
    }
  }
  return { startMs: endOf(first - 1), slices, joined: joined.size, requests, warmUp, bucketsDiffer }
}

function nothing(): Counted {
  return { n: 0, errors: 0, clientErrors: 0, all: new Map(), warm: new Map() }
}

// Where zero is counted among the buckets.
const zeroIndex = -(2 ** 31)

function count({ scale: own, zero, indices, counts }: Increase, scale: number, into: Map<number, number>): void {
  const add = (index: number, n: number): void => void into.set(index, (into.get(index) ?? 0) + n)
  if (zero > 0) add(zeroIndex, zero)
  indices.forEach((index, at) => {
    add(Math.floor(index / 2 ** (own - scale)), counts[at]!)
  })
}

/** The bounds of the buckets in an operation, each once: null for those that are exponential. */
function boundsIn(increments: readonly Increment[]): (readonly number[])[] {
  const known = new Map<string, readonly number[]>()
  for (const { bounds } of new Set(increments.map(({ series }) => series)))
    if (bounds) known.set(JSON.stringify(bounds), bounds)
  return [...known.values()]
}

interface Axis {
  side(counts: ReadonlyMap<number, number>): Side
  /** The first bucket that is slow, by metric. */
  readonly slow: ReadonlyMap<string, number>
}

/** How buckets are told to the comparator: by their bounds, or where they are exponential in seconds by that. */
function axisOf(
  operation: string,
  classic: readonly number[] | null,
  scale: number,
  cells: Iterable<Record<Arm, Counted>>,
  { unit, latency, slowerThan }: CellOptions,
): Axis | undefined {
  if (!latency) return undefined
  if (classic) {
    const slow = new Map(
      [...slowerThan].map(([metric, seconds]) => {
        const at = classic.findIndex((bound) => Math.abs(bound / seconds - 1) < 1e-9)
        if (at >= 0) return [metric, at + 1] as const
        const known = classic.map((bound) => `${Number((bound * 1000).toPrecision(6))}ms`).join(', ')
        throw new CommandError('usage', `--slower-than: ${operation} is counted up to ${known}: name one of those`)
      }),
    )
    return { slow, side: (counts) => bounded(counts, 0, classic) }
  }
  const edge = (index: number): number => 2 ** ((index + 1) / 2 ** scale) * unit
  const slow = new Map(
    [...slowerThan].map(([metric, seconds]) => [metric, Math.ceil(Math.log2(seconds / unit) * 2 ** scale - 1e-6)]),
  )
  if (unit === 1) {
    return {
      slow,
      side(counts) {
        const { n, indices, of } = sorted(counts)
        return { kind: 'distribution', n, histogram: { scale, zero: counts.get(zeroIndex) ?? 0, indices, counts: of } }
      },
    }
  }
  let [first, last] = [Infinity, -Infinity]
  for (const { stable, canary } of cells) {
    for (const index of [...stable.all.keys(), ...canary.all.keys()]) {
      if (index === zeroIndex) continue
      first = Math.min(first, index)
      last = Math.max(last, index)
    }
  }
  const bounds = first > last ? [unit] : Array.from({ length: last - first + 2 }, (_, more) => edge(first - 1 + more))
  return { slow, side: (counts) => bounded(counts, first - 1, bounds) }
}

function bounded(counts: ReadonlyMap<number, number>, first: number, bounds: readonly number[]): Side {
  const { n, indices, of } = sorted(counts)
  const zero = counts.get(zeroIndex) ?? 0
  const shifted = indices.map((index) => index - first)
  const histogram =
    zero > 0
      ? { scale: 0, zero: 0, indices: [0, ...shifted], counts: [zero, ...of] }
      : { scale: 0, zero: 0, indices: shifted, counts: of }
  return { kind: 'distribution', n, histogram, bounds }
}

function sorted(counts: ReadonlyMap<number, number>): { n: number; indices: number[]; of: number[] } {
  const indices = [...counts.keys()].filter((index) => index !== zeroIndex).sort((a, b) => a - b)
  return {
    n: [...counts.values()].reduce((sum, one) => sum + one, 0),
    indices,
    of: indices.map((index) => counts.get(index)!),
  }
}

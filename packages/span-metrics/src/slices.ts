import {
  type ErrorTypeTick,
  requestCount,
  type Side,
  type Slice,
  type SpanMetricsFacts,
  tickMs,
} from '@coalmine/comparator'
import { type Arm, arms, type ByArm } from './arms.ts'
import { type BucketCounts, bucketAxis, countInto } from './bucket-axis.ts'
import { totalOf } from './increase.ts'
import type { Increment } from './increments.ts'
import { clientCodeOf, operationOf, outcomeOf } from './labels.ts'

/** Increments in the comparator's form: a slice per metric and cell, each cell one scrape interval long. */
export interface IncrementSlices {
  /** The start of the first cell, in milliseconds since 1970. */
  readonly startMs: number
  readonly slices: readonly Slice[]
  /** Client errors by code, for the cells that have any. */
  readonly clientCodes: readonly ErrorTypeTick[]
  /** The number of cells merged with another because a scrape between them was missed. */
  readonly joined: number
  readonly requests: ByArm<number>
  readonly warmUp: ByArm<number>
  readonly bucketsDiffer: SpanMetricsFacts['bucketsDiffer']
}

/** Options for turning increments into slices; times are in milliseconds. */
export interface SliceOptions {
  readonly cellMs: number
  /** A moment at which some cell begins; fixes the grid of cells. */
  readonly borderMs: number
  /** Whether to leave out cells from before the canary appeared. */
  readonly fromCanary: boolean
  /** Cells that end later than this are incomplete. */
  readonly endMs: number
  /** The unit of a native histogram's values, in seconds. */
  readonly unit: number
  /** Whether the increases come from histograms. */
  readonly latency: boolean
  /** Thresholds in seconds for the judged shares of slow requests, by metric. */
  readonly slowerThan: ReadonlyMap<string, number>
}

/** The counts of one cohort in one cell of one operation. */
interface Counted {
  n: number
  errors: number
  clientErrors: number
  readonly clientCodes: Map<string, number>
  /** All values by bucket, and those counted while nothing was warming up. */
  readonly all: BucketCounts
  readonly warm: BucketCounts
}

interface ArmIncrement extends Increment {
  readonly arm: Arm
}

/**
 * Turns increments into slices: everything counted up to a scrape belongs to the cell of that scrape. A cell is one scrape interval
 * long, so that each series is scraped once in it and cohorts are compared within one interval of each other. If a scrape was
 * missed, the cells to which its counts may belong are merged.
 *
 * Throws a SpanMetricsError of kind `usage` for a threshold of `slowerThan` that is not a bound of the buckets.
 */
export function slicesOf(increments: ByArm<readonly Increment[]>, options: SliceOptions): IncrementSlices {
  const { complete, first, joined } = placed(increments, options)
  const { borderMs, cellMs } = options
  const endOf = (cell: number): number => borderMs + (cell + 1) * cellMs
  const lastOf = (cell: number): number => {
    let last = cell
    while (joined.has(last)) last += 1
    return last
  }
  const requests = { stable: 0, canary: 0 }
  const warmUp = { stable: 0, canary: 0 }
  const slices: Slice[] = []
  const clientCodes: ErrorTypeTick[] = []
  let bucketsDiffer: IncrementSlices['bucketsDiffer'] = null
  for (const [operation, own] of byOperation(complete)) {
    for (const { arm, increase } of own) requests[arm] += totalOf(increase)
    const bounds = boundsIn(own)
    if (bounds.length > 1) {
      bucketsDiffer ??= { operation, bounds }
      continue
    }
    for (const { arm, increase, warmingUp } of own) if (warmingUp) warmUp[arm] += totalOf(increase)
    const scale = own.reduce((least, { increase }) => Math.min(least, increase.scale), 20)
    const cells = countedIn(own, (toMs) => lastOf(cellAt(toMs, options)), scale)
    const axis = options.latency
      ? bucketAxis(operation, bounds[0] ?? null, scale, bucketsOf(cells.values()), options)
      : undefined
    for (const [cell, counted] of cells) {
      // A slice is complete at the end of its tick.
      const at = { tick: endOf(cell) - tickMs, operation }
      slices.push(...countSlices(at, counted))
      clientCodes.push(...codesIn(at, counted))
      if (!axis) continue
      slices.push({ ...at, metric: 'latency', ...sides(counted, ({ warm }) => axis.side(warm)) })
      for (const [metric, from] of axis.slow) slices.push(rate(at, metric, counted, ({ all }) => countFrom(all, from)))
    }
  }
  return { startMs: endOf(first - 1), slices, clientCodes, joined: joined.size, requests, warmUp, bucketsDiffer }
}

const cellAt = (ms: number, { borderMs, cellMs }: SliceOptions): number => Math.ceil((ms - borderMs) / cellMs) - 1

/** The increments of complete cells, the first of these cells, and the cells that are merged with the next. */
function placed(
  increments: ByArm<readonly Increment[]>,
  options: SliceOptions,
): { readonly complete: readonly ArmIncrement[]; readonly first: number; readonly joined: ReadonlySet<number> } {
  const { borderMs, cellMs, endMs, fromCanary } = options
  const both = arms.flatMap((arm) => increments[arm].map((one): ArmIncrement => ({ arm, ...one })))
  const first = (fromCanary ? increments.canary : both).reduce(
    (least, { toMs }) => Math.min(least, cellAt(toMs, options)),
    Infinity,
  )
  const complete = both.filter(({ toMs }) => {
    const cell = cellAt(toMs, options)
    return cell >= first && borderMs + (cell + 1) * cellMs <= endMs
  })
  const joined = new Set<number>()
  for (const { fromMs, toMs } of complete)
    for (let cell = cellAt(toMs, options); cell > cellAt(fromMs, options) + 1; cell -= 1) joined.add(cell - 1)
  return { complete, first, joined }
}

function byOperation(increments: readonly ArmIncrement[]): ReadonlyMap<string, readonly ArmIncrement[]> {
  const operations = new Map<string, ArmIncrement[]>()
  for (const one of increments) {
    const operation = operationOf(one.series.labels)
    const known = operations.get(operation)
    if (known) known.push(one)
    else operations.set(operation, [one])
  }
  return operations
}

/** The counts of both cohorts in each cell. */
function countedIn(
  increments: readonly ArmIncrement[],
  cellOf: (toMs: number) => number,
  scale: number,
): ReadonlyMap<number, ByArm<Counted>> {
  const cells = new Map<number, ByArm<Counted>>()
  for (const { arm, series, toMs, increase, warmingUp } of increments) {
    const cell = cellOf(toMs)
    const both = cells.get(cell) ?? { stable: nothing(), canary: nothing() }
    cells.set(cell, both)
    const counted = both[arm]
    const n = totalOf(increase)
    const outcome = outcomeOf(series.labels)
    counted.n += n
    if (outcome === 'error') counted.errors += n
    if (outcome === 'client-error') {
      const code = clientCodeOf(series.labels)
      counted.clientErrors += n
      counted.clientCodes.set(code, (counted.clientCodes.get(code) ?? 0) + n)
    }
    countInto(counted.all, increase, scale)
    if (!warmingUp) countInto(counted.warm, increase, scale)
  }
  return cells
}

const nothing = (): Counted => ({
  n: 0,
  errors: 0,
  clientErrors: 0,
  clientCodes: new Map(),
  all: new Map(),
  warm: new Map(),
})

type SliceKey = Pick<Slice, 'tick' | 'operation'>

function countSlices(at: SliceKey, counted: ByArm<Counted>): Slice[] {
  return [
    { ...at, metric: requestCount, ...sides(counted, ({ n }) => ({ kind: 'count', n })) },
    rate(at, 'errors', counted, ({ errors }) => errors),
    rate(at, 'client-errors', counted, ({ clientErrors }) => clientErrors),
  ]
}

function codesIn(at: SliceKey, { stable, canary }: ByArm<Counted>): ErrorTypeTick[] {
  const codes = new Set([...stable.clientCodes.keys(), ...canary.clientCodes.keys()])
  const side = ({ n, clientCodes }: Counted, code: string) => ({ n, events: clientCodes.get(code) ?? 0 })
  return [...codes].map((type) => ({ ...at, type, stable: side(stable, type), canary: side(canary, type) }))
}

function rate(at: SliceKey, metric: string, counted: ByArm<Counted>, events: (one: Counted) => number): Slice {
  return { ...at, metric, ...sides(counted, (one) => ({ kind: 'rate', n: one.n, events: events(one) })) }
}

function sides(counted: ByArm<Counted>, side: (one: Counted) => Side): Pick<Slice, Arm> {
  return { stable: side(counted.stable), canary: side(counted.canary) }
}

function* bucketsOf(cells: Iterable<ByArm<Counted>>): Generator<BucketCounts> {
  for (const { stable, canary } of cells) {
    yield stable.all
    yield canary.all
  }
}

function countFrom(counts: BucketCounts, from: number): number {
  return [...counts].reduce((sum, [index, n]) => (index >= from ? sum + n : sum), 0)
}

/** The distinct bucket bounds used by an operation; null stands for exponential buckets. */
function boundsIn(increments: readonly Increment[]): (readonly number[])[] {
  const known = new Map<string, readonly number[]>()
  for (const { bounds } of new Set(increments.map(({ series }) => series)))
    if (bounds) known.set(JSON.stringify(bounds), bounds)
  return [...known.values()]
}

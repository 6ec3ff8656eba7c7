import { type Comparison, spanParams } from '../cohorts.ts'
import type { Engine } from '../engine/engine.ts'
import { tickSeconds } from '../ingest/span-batch.ts'
import { callsInTick } from '../queries/calls.ts'
import { sampleOfTicks } from '../queries/sample.ts'
import { flagOf, parseSelector } from '../selector.ts'

/** How the requests of one cohort were measured, in a few ticks. */
export interface CohortSample {
  readonly requests: number
  /** Spans of the service below the requests. */
  readonly children: number
  /** The instrumentation that made most of the requests' spans. */
  readonly scope: string
  /** The probability with which each was kept, as its trace state says; null where it says none. */
  readonly sampling: readonly {
    readonly probability: number | null
    readonly requests: number
    readonly errors: number
  }[]
  /** Requests for which a flag of the comparison was decided by targeting. */
  readonly targeted: number
  /** How much later than the calls of other services its requests start, in the median. */
  readonly skewMs: number | null
  /** The addresses at which other services called it, as their spans say, and how many of its requests were called there. */
  readonly calledAt: readonly { readonly address: string; readonly calls: number }[]
}

interface CallRow {
  readonly cohort: 'stable' | 'canary'
  readonly address: string
  readonly skewsMs: readonly number[]
}

export interface Sample {
  readonly stable: CohortSample
  readonly canary: CohortSample
}

interface Row {
  readonly cohort: 'stable' | 'canary'
  readonly threshold: string
  readonly scope: string
  readonly requests: number
  readonly errors: number
  readonly targeted: number
  readonly children: number
}

/** Some ticks of a comparison, milliseconds since 1970: all of their traces, or one in so many. */
export interface SomeTicks {
  readonly ticksMs: readonly number[]
  readonly oneIn: number
}

/** Ticks, and from when to when they are looked at, in seconds since 1970. */
interface AskedTicks {
  readonly ticks: readonly number[]
  readonly from: number
  readonly to: number
  readonly oneIn: number
}

/**
 * How statements ask for some ticks. Of one in which only some traces are looked at, only the first seconds are read, and
 * more of their traces are looked at: spans lie in the order of seconds.
 */
export function spanOf({ ticksMs, oneIn }: SomeTicks): AskedTicks {
  const ticks = ticksMs.map((ms) => ms / 1000)
  const seconds = ticks.length === 1 ? Math.ceil(tickSeconds / oneIn) : tickSeconds
  return {
    ticks,
    from: Math.min(...ticks),
    to: Math.max(...ticks) + seconds,
    oneIn: Math.max(1, Math.floor((oneIn * seconds) / tickSeconds)),
  }
}

/** Looks at the raw spans of some ticks of one comparison, which are few. */
export async function sampleTicks(
  engine: Engine,
  comparison: Comparison,
  some: SomeTicks,
): Promise<Sample | undefined> {
  const last = some.ticksMs.at(-1)
  if (last === undefined) return undefined
  const asked = { service: comparison.service, ...spanParams(comparison) }
  const [rows, calls] = await Promise.all([
    engine.read<Row>(sampleOfTicks, { ...asked, ...spanOf(some), flags: flagsOf(comparison) }),
    engine.read<CallRow>(callsInTick, { ...asked, ...spanOf({ ...some, ticksMs: [last] }) }),
  ])
  const cohortOf = (name: 'stable' | 'canary'): CohortSample =>
    sampleOf(
      rows.filter(({ cohort }) => cohort === name),
      calls.filter(({ cohort }) => cohort === name),
    )
  return { stable: cohortOf('stable'), canary: cohortOf('canary') }
}

// The median of fewer calls than this is that of one strange call.
const fewestCalls = 5

function sampleOf(rows: readonly Row[], calls: readonly CallRow[]): CohortSample {
  const skews = calls.flatMap(({ skewsMs }) => skewsMs).sort((a, b) => a - b)
  const sum = (some: readonly Row[], key: 'requests' | 'errors' | 'children' | 'targeted'): number =>
    some.reduce((total, row) => total + row[key], 0)
  const by = (key: 'threshold' | 'scope'): (readonly [string, readonly Row[]])[] =>
    [...new Set(rows.map((row) => row[key]))]
      .sort()
      .map((value) => [value, rows.filter((row) => row[key] === value)] as const)
      .sort(([, a], [, b]) => sum(b, 'requests') - sum(a, 'requests'))
  return {
    requests: sum(rows, 'requests'),
    children: sum(rows, 'children'),
    scope: by('scope')[0]?.[0] ?? '',
    sampling: by('threshold').map(([threshold, some]) => ({
      probability: threshold === '' ? null : probabilityOf(threshold),
      requests: sum(some, 'requests'),
      errors: sum(some, 'errors'),
    })),
    targeted: sum(rows, 'targeted'),
    skewMs: skews.length >= fewestCalls ? skews[Math.floor(skews.length / 2)]! : null,
    calledAt: calls
      .filter(({ address }) => address !== '')
      .map(({ address, skewsMs }) => ({ address, calls: skewsMs.length })),
  }
}

/** A threshold is up to 14 hex digits, zeros at its end left out: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/ */
function probabilityOf(threshold: string): number {
  return 1 - Number.parseInt(threshold.slice(0, 14).padEnd(14, '0'), 16) / 2 ** 56
}

/** The flags that the cohorts are chosen by, as `coalmine.flags.targeted` writes them. */
function flagsOf({ stable, canary }: Comparison): string[] {
  const flags = [...parseSelector(stable), ...parseSelector(canary)].flatMap((condition) => flagOf(condition) ?? [])
  return [...new Set(flags)].map((flag) => flag.replace(/[;=%]/g, encodeURIComponent))
}

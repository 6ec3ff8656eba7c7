import {
  type BeforeAfter,
  type EarlierDay,
  earlierDay,
  type Facts,
  judge,
  type Policy,
  policyAgainstDays,
  type Side,
  type Slice,
  slicesAgainst,
  tickMs,
  type Verdict,
} from '@coalmine/comparator'
import { type Comparison, type ComparisonFacts, parseSelector } from '@coalmine/store'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { factsOf } from './facts.ts'
import { lookAt } from './looks.ts'
import { measuredSlices } from './own-measures.ts'
import { type ComparisonRequest, cohortsAsked } from './request.ts'
import { type Reader, slicesOf } from './slices.ts'
import { chained, readWindow } from './window.ts'

const dayMs = 86_400_000

/** The data of a comparison in one day's window. */
interface DayRead {
  readonly found: ComparisonFacts
  readonly slices: readonly Slice[]
}

/**
 * Judges a canary without a concurrent stable against the same hours of earlier days, as far back as `stableWindowMs`. Days on
 * which the canary or a failed build served, or nothing did, are left out. Returns undefined if the request has no `stableWindowMs`,
 * or as long as the canary has served nothing.
 *
 * `read` sees the canary beside all those days, as if they were today.
 *
 * Throws a ServerError of kind `usage` when the window is longer than a day, or stable is a build that failed.
 */
export async function compareWithDays(
  request: ComparisonRequest,
  context: Context,
  read?: Reader,
): Promise<Verdict | undefined> {
  const { stableWindowMs, stableStepMs: stepMs = dayMs } = request
  if (stableWindowMs === undefined) return undefined
  const { store, now, version } = context
  const { service, stable, canary } = request
  const cohorts = cohortsAsked(request)
  const startMs =
    request.start ?? (request.sinceMs === undefined ? await store.memory.start(cohorts) : now() - request.sinceMs)
  const { canary: served } = await store.cohorts.facts({ ...cohorts, start: startMs, end: request.end })
  if (served.firstMs === undefined || served.lastMs === undefined) return undefined
  const start = Math.floor((startMs ?? served.firstMs) / tickMs) * tickMs
  const end = (Math.floor(served.lastMs / tickMs) + 1) * tickMs
  if (end - start > stepMs)
    throw usage(
      '--stable-window compares hours of one day with the same hours of earlier days: give a --start and --end at most a day apart',
    )
  const failed = (await store.memory.failedCanaries(service)).filter((selector) => selector !== canary)
  if (failed.includes(stable))
    throw usage(`stable: ${stable} failed when it was judged, so it cannot serve as stable: name another build`)

  const days: EarlierDay[] = []
  const found: ComparisonFacts[] = []
  const beside: Slice[] = []
  const leftOut: BeforeAfter['leftOut'][number][] = []
  for (let back = 1; back * stepMs <= stableWindowMs; back += 1) {
    const at = { start: start - back * stepMs, end: end - back * stepMs }
    const date = new Date(at.start).toISOString().slice(0, stepMs < dayMs ? 16 : 10)
    const why = await unfit({ ...cohorts, ...at }, failed, context)
    if (why) {
      leftOut.push({ date, why })
      continue
    }
    const day = await readDay({ ...cohorts, ...at }, request.policy, context)
    days.push(earlierDay(date, day.slices, back * stepMs))
    found.push(day.found)
    if (read) beside.push(...asToday(day.slices, back * stepMs))
  }
  const after = await readDay({ ...cohorts, start, end }, request.policy, context)
  const policy = policyAgainstDays(request.policy)
  const facts: Facts = {
    ...factsOf(request, withStableOf(after.found, found), [], { start, end }, { version, now: now() }),
    earlier: days,
    beforeAfter: { days: days.map(({ date }) => date), leftOut },
  }
  const look = await lookAt(store, cohorts, facts, policy)
  const all: Facts = { ...facts, ...look }
  read?.([...beside, ...after.slices.map((slice) => ({ ...slice, stable: empty(slice.stable) }))], all)
  return judge(slicesAgainst(days, after.slices), policy, all)
}

/** Shifts stable's slices of an earlier day to today. */
const asToday = (slices: readonly Slice[], laterMs: number): Slice[] =>
  slices.map((slice) => ({ ...slice, tick: slice.tick + laterMs, canary: empty(slice.canary) }))

function empty(side: Side): Side {
  switch (side.kind) {
    case 'count':
      return { ...side, n: 0 }
    case 'rate':
      return { ...side, n: 0, events: 0 }
    case 'distribution':
      return { ...side, n: 0, histogram: { ...side.histogram, zero: 0, indices: [], counts: [] } }
  }
}

/** Why an earlier day cannot be compared with; undefined if it can. */
async function unfit(day: Comparison, failed: readonly string[], { store }: Context): Promise<string | undefined> {
  const found = await store.cohorts.facts(day)
  if (found.canary.requests > 0 || found.overlap > 0) return `${day.canary} served`
  if (found.stable.requests === 0) return 'stable served nothing'
  for (const selector of failed) {
    // Skip builds that stable's selector excludes.
    if (excludes(day.stable, selector)) continue
    const { canary, overlap } = await store.cohorts.facts({ ...day, canary: selector })
    if (canary.requests > 0 || overlap > 0) return `${selector} served, which failed`
  }
  return undefined
}

function excludes(stable: string, other: string): boolean {
  const conditions = parseSelector(other)
  return parseSelector(stable).some((one) =>
    conditions.some(
      ({ from, key, value, negated }) =>
        !one.negated && !negated && one.from === from && one.key === key && one.value !== value,
    ),
  )
}

async function readDay(comparison: Comparison, policy: Policy, { store }: Context): Promise<DayRead> {
  const { found, operations } = await readWindow(store, comparison, policy)
  const measured = await measuredSlices(store, comparison, policy)
  return { found, slices: [...chained(slicesOf(operations, true), measured.slices)] }
}

/** The canary's facts, with stable summed over all the days. */
function withStableOf(after: ComparisonFacts, days: readonly ComparisonFacts[]): ComparisonFacts {
  const sum = (of: (facts: ComparisonFacts['stable']) => number): number =>
    days.reduce((total, { stable }) => total + of(stable), 0)
  return {
    ...after,
    overlap: 0,
    stable: {
      ...after.stable,
      requests: sum(({ requests }) => requests),
      traces: sum(({ traces }) => traces),
      testRequests: sum(({ testRequests }) => testRequests),
      instances: [...new Set(days.flatMap(({ stable }) => stable.instances))].sort(),
      // Report the canary's window.
      firstMs: after.canary.firstMs,
      lastMs: after.canary.lastMs,
    },
  }
}

function usage(message: string): ServerError {
  return new ServerError('usage', message)
}

import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Charts,
  callRows,
  chartsOf,
  type Facts,
  type OperationRow,
  type Slice,
  type Verdict,
} from '@coalmine/comparator'
import {
  type Comparison,
  type Downstream,
  type Exemplar,
  parseSelector,
  type TimelineChange,
  type TraceSpan,
} from '@coalmine/store'
import { compareWithDays } from '../compare/before-after.ts'
import { compare } from '../compare/compare.ts'
import { type ComparisonRequest, cohortsAsked } from '../compare/request.ts'
import { type Reader, slicesOf } from '../compare/slices.ts'
import { unlessTooSlow } from '../compare/unless-too-slow.ts'
import { gathered } from '../compare/window.ts'
import type { Context } from '../context.ts'

/** The details that a page shows beside a verdict. */
export interface ComparisonView {
  /** The end of its window, ISO 8601. */
  readonly until: string
  /** Null if nothing can be compared. If stable did not run beside the canary, they have no evidence. */
  readonly charts: Charts | null
  /** The calls of each cohort's requests to databases and other services; null if unknown. */
  readonly calls: readonly OperationRow[] | null
  /** What other services did below each cohort's requests; null if unknown. */
  readonly downstream: readonly Downstream[] | null
  /** Deploys and other changes during the window or shortly before it, newest first. */
  readonly changes: readonly TimelineChange[]
  /** The deploy of the canary's build; null if the canary is not a build, or its deploy is unknown. */
  readonly deploy: TimelineChange | null
  /** All spans of the verdict's example traces; null if it has none. */
  readonly traces: ViewTraces | null
}

/** The exemplars of both cohorts, each with its spans in the order in which they began. */
export interface ViewTraces {
  readonly stable: readonly ViewTrace[]
  readonly canary: readonly ViewTrace[]
}

/** One trace. */
export interface ViewTrace {
  readonly traceId: string
  readonly seconds: number
  readonly spans: readonly TraceSpan[]
}

/**
 * Computes the view for a verdict over its window. It reads that window again, and yields to other work
 * after every step. Throws if it is stopped.
 */
export async function viewOf(
  request: ComparisonRequest,
  verdict: Verdict,
  context: Context,
  stop?: AbortSignal,
): Promise<ComparisonView> {
  const until = verdict.window.end
  if (verdict.verdict === 'invalid')
    return { until, charts: null, calls: null, downstream: null, changes: [], deploy: null, traces: null }
  const sameWindow: ComparisonRequest = {
    ...request,
    sinceMs: undefined,
    start: Date.parse(verdict.window.start),
    end: Date.parse(until),
  }
  let last: { readonly slices: readonly Slice[]; readonly facts: Facts } | undefined
  const read: Reader = (slices, facts) => {
    last = { slices: [...slices], facts }
    return last.slices
  }
  if (verdict.beforeAfter) await compareWithDays(sameWindow, context, read)
  else await compare(sameWindow, context, read)
  const charts = last ? await paced(chartsOf(last.slices, request.policy, last.facts), stop) : null
  last = undefined
  stop?.throwIfAborted()
  const [calls, downstream, traces, changes, deploy] = await Promise.all([
    verdict.beforeAfter ? null : callsOf(sameWindow, context),
    verdict.beforeAfter ? null : downstreamOf(sameWindow, verdict, context),
    tracesOf(verdict, context),
    changesOf(sameWindow, context),
    deployOf(sameWindow, context),
  ])
  return { until, charts, calls, downstream, changes, deploy, traces }
}

/** Runs the steps one by one, and pauses after each for as long as it took. */
async function paced<Result>(steps: Generator<undefined, Result>, stop?: AbortSignal): Promise<Result> {
  for (;;) {
    stop?.throwIfAborted()
    const began = performance.now()
    const { done, value } = steps.next()
    if (done) return value
    await sleep(performance.now() - began)
  }
}

async function callsOf(request: ComparisonRequest, { store }: Context): Promise<readonly OperationRow[] | null> {
  if (request.side !== 'requests') return null
  const operations = await unlessTooSlow(() => gathered(store.ticks.read({ ...request, side: 'calls' }).operations))
  return operations && callRows(slicesOf(operations))
}

// A change made before the canary served may take effect only while it serves.
const changesBeforeMs = 3_600_000

async function changesOf(
  { service, start, end }: ComparisonRequest,
  { store }: Context,
): Promise<readonly TimelineChange[]> {
  const sinceMs = start === undefined ? undefined : start - changesBeforeMs
  return (await unlessTooSlow(() => store.changes.list({ service, sinceMs, untilMs: end, limit: 50 }))) ?? []
}

async function deployOf({ service, canary }: ComparisonRequest, { store }: Context): Promise<TimelineChange | null> {
  const build = parseSelector(canary).find(
    ({ from, key, negated }) => from === 'span' && key === 'service.version' && !negated,
  )
  if (!build) return null
  return (await unlessTooSlow(() => store.changes.deployOf(service, build.value))) ?? null
}

async function downstreamOf(
  request: ComparisonRequest,
  { cohorts }: Verdict,
  { store }: Context,
): Promise<readonly Downstream[] | null> {
  if (request.side !== 'requests') return null
  const requests = cohorts.stable.requests + cohorts.canary.requests
  return unlessTooSlow(() =>
    store.spans.downstream({ ...cohortsAsked(request), start: request.start, end: request.end }, requests),
  )
}

async function tracesOf({ exemplars }: Verdict, context: Context): Promise<ViewTraces | null> {
  if (!exemplars) return null
  const asked = (arm: 'stable' | 'canary'): Exemplar[] =>
    exemplars[arm].map(({ traceId, start, seconds }) => ({ traceId, startMs: Date.parse(start), seconds }))
  return unlessTooSlow(() => wholeTraces({ stable: asked('stable'), canary: asked('canary') }, context))
}

async function wholeTraces(
  exemplars: Readonly<Record<'stable' | 'canary', readonly Exemplar[]>>,
  { store }: Context,
): Promise<ViewTraces> {
  const spans = await store.spans.traces([...exemplars.stable, ...exemplars.canary])
  const whole = (arm: 'stable' | 'canary'): ViewTrace[] =>
    exemplars[arm].map(({ traceId, seconds }) => ({
      traceId,
      seconds,
      spans: spans.filter((span) => span.traceId === traceId),
    }))
  return { stable: whole('stable'), canary: whole('canary') }
}

/**
 * Traces of both cohorts at an operation (at all, if null) whose duration is about the 95th percentile of their cohort,
 * whatever the verdict.
 */
export async function usualTraces(
  request: ComparisonRequest,
  { window }: Verdict,
  operation: string | null,
  context: Context,
): Promise<ViewTraces> {
  const within: Comparison = {
    ...cohortsAsked(request),
    start: Date.parse(window.start),
    end: Date.parse(window.end),
  }
  return wholeTraces(await context.store.spans.exemplars(within, operation), context)
}

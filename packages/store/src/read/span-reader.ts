import type { Comparison } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import { type Addresses, type CallsTick, callsOf } from './calls.ts'
import { type Downstream, downstreamOf } from './downstream.ts'
import { exemplarsOf } from './exemplars.ts'
import { type HeaviestUsers, heaviestUsersOf, type UsersAsked } from './heaviest-users.ts'
import { type Sample, type SomeTicks, sampleTicks } from './sample.ts'
import { type SpanTick, spansOfTicks } from './structure.ts'
import { type Bad, type Suspects, suspects } from './suspects.ts'
import { spansOfTraces, type TraceAsked, type TraceSpan } from './traces.ts'

/** Queries about a comparison that only raw spans can answer. */
export interface SpanReader {
  /** How the cohorts were instrumented and sampled, in a few ticks. */
  readonly sample: (comparison: Comparison, ticks: SomeTicks) => Promise<Sample | undefined>
  /** Which spans of the service lie below the requests of some ticks. */
  readonly below: (comparison: Comparison, ticks: SomeTicks) => Promise<readonly SpanTick[] | undefined>
  /** Calls of other services to the addresses of one cohort each, and those without an answer. */
  readonly calls: (comparison: Comparison, addresses: Addresses) => Promise<readonly CallsTick[]>
  /** Bad requests of both cohorts at an operation (null: all), by attribute, with example traces. Takes seconds and may time out. */
  readonly suspects: (comparison: Comparison, operation: string | null, bad: Bad) => Promise<Suspects>
  /** Example traces of both cohorts at an operation (null: all), for when nothing failed. Takes seconds and may time out. */
  readonly exemplars: (comparison: Comparison, operation: string | null) => Promise<Suspects['exemplars']>
  /** What other services did below the cohorts' requests, `requests` in number. Takes seconds and may time out. */
  readonly downstream: (comparison: Comparison, requests: number) => Promise<readonly Downstream[]>
  /** The canary's users with the most bad requests, for each kind of these; null if no request of a kind names a user. */
  readonly heaviestUsers: (
    comparison: Comparison,
    kinds: readonly UsersAsked[],
    most: number,
  ) => Promise<readonly (HeaviestUsers | null)[]>
  /** The spans of some traces, from all services involved. */
  readonly traces: (traces: readonly TraceAsked[]) => Promise<readonly TraceSpan[]>
}

/** A reader of an engine's raw spans. */
export function spanReader(engine: Engine): SpanReader {
  return {
    sample: (comparison, ticks) => sampleTicks(engine, comparison, ticks),
    below: (comparison, ticks) => spansOfTicks(engine, comparison, ticks),
    calls: (comparison, addresses) => callsOf(engine, comparison, addresses),
    exemplars: (comparison, operation) => exemplarsOf(engine, comparison, operation),
    downstream: (comparison, requests) => downstreamOf(engine, comparison, requests),
    heaviestUsers: (comparison, kinds, most) => heaviestUsersOf(engine, comparison, kinds, most),
    traces: (traces) => spansOfTraces(engine, traces),
    suspects: (comparison, operation, bad) => suspects(engine, comparison, operation, bad),
  }
}

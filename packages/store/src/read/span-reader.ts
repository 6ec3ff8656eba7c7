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

/** What only raw spans tell of a comparison. */
export interface SpanReader {
  /** How the cohorts were measured, in a few ticks. */
  readonly sample: (comparison: Comparison, ticks: SomeTicks) => Promise<Sample | undefined>
  /** Which spans of the service lie below the requests of some ticks. */
  readonly below: (comparison: Comparison, ticks: SomeTicks) => Promise<readonly SpanTick[] | undefined>
  /** Calls of other services to the addresses of one cohort each, and those without an answer. */
  readonly calls: (comparison: Comparison, addresses: Addresses) => Promise<readonly CallsTick[]>
  /** What is bad in both cohorts at an operation (all, when null), by attribute, and traces of it; takes seconds and may fail for it. */
  readonly suspects: (comparison: Comparison, operation: string | null, bad: Bad) => Promise<Suspects>
  /** Traces of both cohorts at an operation (all, when null), for who looks where nothing failed; takes seconds and may fail for it. */
  readonly exemplars: (comparison: Comparison, operation: string | null) => Promise<Suspects['exemplars']>
  /** What other services did below the requests of each cohort, of which there are so many; takes seconds and may fail for it. */
  readonly downstream: (comparison: Comparison, requests: number) => Promise<readonly Downstream[]>
  /** So many users of the canary with the most bad requests, for each kind of these; null where none of a kind names a user. */
  readonly heaviestUsers: (
    comparison: Comparison,
    kinds: readonly UsersAsked[],
    most: number,
  ) => Promise<readonly (HeaviestUsers | null)[]>
  /** The spans of some traces, of every service that took part. */
  readonly traces: (traces: readonly TraceAsked[]) => Promise<readonly TraceSpan[]>
}

/** Reads raw spans of an engine. */
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

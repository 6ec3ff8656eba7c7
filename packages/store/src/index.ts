// The store

export type { Budgets } from './budgets.ts'
export type { Change, ChangeKind, TimelineChange } from './change.ts'
export type { Changes, ChangesAsked } from './changes.ts'
export type { ComparisonEvent, ComparisonEvents, KnownComparison } from './comparison-events.ts'
export type { ComparisonViews } from './comparison-views.ts'
export { isRemote, shown } from './engine/address.ts'
export { progressOf } from './engine/lock.ts'
export { StoreError, type StoreErrorKind, type Trouble } from './errors.ts'
export type { Flags } from './flags.ts'
export type { BackFill, BackFilled } from './ingest/back-fill.ts'
export type { Memory, Remembered, SettledVerdict } from './memory.ts'
export type { NotificationEntry, NotificationState, Notifications, PendingNotification } from './notifications.ts'
export { openStore } from './open-store.ts'
export type { Access } from './opening.ts'
export type { DoctorFacts } from './read/doctor.ts'
export type { FlagEvaluations } from './read/evaluations.ts'
export type { BuildFailure } from './read/failures.ts'
export type { FlagBuildRow, FlagLife, FlagVariantRow } from './read/flag-life.ts'
export type { FlagChangeTold, FlagMinute, FlagMinutesAsked } from './read/flag-minutes.ts'
export type { Known } from './read/known.ts'
export type { StoreSizes } from './read/sizes.ts'
export type { TestTraffic } from './read/test-traffic.ts'
export type { KeptRolloutEvent, RolloutEvents } from './rollout-events.ts'
export { type Initialised, type InitOptions, initStore } from './schema/init-store.ts'
export type { Store, StoreOptions } from './store.ts'

// Spans and log records in

export type { ImportProgress, Imports } from './imports.ts'
export type { Ingest, IngestState } from './ingest/ingest.ts'
export type { LogIngestState } from './ingest/log-ingest.ts'
export { type LogLines, type LogRecord, logLines } from './ingest/log-record.ts'
export { newRowBytes, type RowBytes } from './ingest/row-bytes.ts'
export { addBatch, newSpanBatch, type SpanBatch } from './ingest/span-batch.ts'
export {
  type AttributeBytes,
  type Attributes,
  addAttribute,
  addAttributeAsIs,
  addSpan,
  addSpanBytes,
  addToQuote,
  addValue,
  type ByteRange,
  newAttributeBytes,
  newSpanOrigin,
  type Span,
  type SpanBytes,
  type SpanKind,
  type SpanOrigin,
  type SpanStatus,
} from './ingest/span-row.ts'
export type { Hold } from './ingest/tick-ledger.ts'
export type { RunEvent, RunOperation, RunWrites, TestRun, TestRuns, UsersBlock } from './test-runs.ts'
export { tickSeconds } from './tick.ts'

// Who is compared

export type { Chosen, ComparedSide, Comparison, Source, Traffic } from './comparison.ts'
export { type Condition, flagOf, formatSelector, parseSelector } from './selector.ts'

// Who reads them

export type { CohortReader } from './read/cohort-reader.ts'
export type { ServiceReader } from './read/service-reader.ts'
export type { SpanReader } from './read/span-reader.ts'
export type { TickReader } from './read/tick-reader.ts'
export type { TraceAsked, TraceSpan } from './read/traces.ts'

// What they did, tick by tick

export { type CohortTicks, cohortTicksIn, flagOfCohorts } from './read/cohort-ticks.ts'
export type { Counts, Latency } from './read/counts.ts'
export type { LateCounts, LateTick } from './read/late-ticks.ts'
export { type Measure, measureParams } from './read/measures.ts'
export type { FollowedService, NewClosings } from './read/new-closings.ts'
export type { ClosedRow, NewRowsAsked } from './read/new-rows.ts'
export type { Measured, MeasuredTick } from './read/read-measures.ts'
export type { OperationTicks, TickPair, TickRead } from './read/read-ticks.ts'
export { type WarmUp, warmUpOf } from './read/warm-up.ts'

// What budgets are counted from

export {
  type BadCounts,
  type BudgetAsked,
  type BudgetCounts,
  type BudgetRow,
  countedSlowFrom,
} from './read/budget-counts.ts'
export type { CohortBad } from './read/cohort-bad.ts'

// What is known of them

export type { BuildsSeen } from './read/builds.ts'
export type { BuildMarks, BuildServed, BuildShares, ServicesSeen } from './read/builds-served.ts'
export { type Addresses, addressesOf, type CallsTick } from './read/calls.ts'
export type { ChangeMarks } from './read/change-marks.ts'
export type { Downstream, DownstreamSide } from './read/downstream.ts'
export type { CohortFacts, ComparisonFacts } from './read/facts.ts'
export type { FlagShare } from './read/flag-shares.ts'
export type { HeaviestUsers, UsersAsked, UserTicks } from './read/heaviest-users.ts'
export type { InstanceCell } from './read/instance-cells.ts'
export type { CoarseLatency, InstanceTick, InstanceTicksAsked } from './read/instance-ticks.ts'
export type { InstanceLife } from './read/instances.ts'
export type { CohortSample, Sample, SomeTicks } from './read/sample.ts'
export type { ServedSince } from './read/still-served.ts'
export type { SpanTick } from './read/structure.ts'
export type { Bad, Exemplar, Suspects } from './read/suspects.ts'

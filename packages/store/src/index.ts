// The store

export type { BuildsSeen } from './builds.ts'
export { type Addresses, addressesOf, type CallsTick } from './calls.ts'
export type { Chosen, Comparison, Scope, Source, Traffic } from './cohorts.ts'
export type { Counts, Latency } from './counts.ts'
export type { DoctorFacts } from './doctor.ts'
export { StoreError, type StoreErrorKind } from './errors.ts'
export type { CohortFacts, ComparisonFacts } from './facts.ts'
export type { FlagShare } from './flag-shares.ts'
export type { IngestState, Inserted } from './ingest.ts'
// Spans in
export type { InstanceCell } from './instance-cells.ts'
export type { InstanceLife } from './instances.ts'
export type { Known } from './known.ts'
export { type Measure, measureParams } from './measures.ts'
export type { Measured, MeasuredTick } from './read-measures.ts'
export type { OperationTicks, TickPair, TickRead } from './read-ticks.ts'
export {
  newRowBytes,
  type RowBytes,
  writeBytes,
  writeHex,
  writeText,
  writeTextBytes,
  writeUint64,
  writeVarint,
} from './row-bytes.ts'
export type { CohortSample, Sample } from './sample.ts'
// Ticks out
export { type Condition, flagOf, formatSelector, parseSelector } from './selector.ts'
export type { StoreSizes } from './sizes.ts'
export {
  type Attributes,
  addBatch,
  addSpan,
  countSpan,
  newSpanBatch,
  type Span,
  type SpanBatch,
  type SpanKind,
  type SpanStatus,
  TICK_SECONDS,
  writeAttributes,
} from './span-batch.ts'
export { openStore, type Store, type StoreOptions } from './store.ts'
export type { SpanTick } from './structure.ts'
export type { Bad, Exemplar, Suspects } from './suspects.ts'
export type { Hold } from './tick-ledger.ts'
export { type WarmUp, warmUpOf } from './warm-up.ts'

export type { ErrorType, Evaluation, Reason } from './evaluation.ts'
export { recordFlagChanges } from './flag-changes.ts'
export { type RecordOptions, recordEvaluation } from './record.ts'

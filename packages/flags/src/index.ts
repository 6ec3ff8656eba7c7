export type { ErrorType, Evaluation, Reason } from './evaluation.ts'
export { type RecordOptions, recordEvaluation } from './record.ts'

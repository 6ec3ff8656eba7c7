export { type ErrorType, type Evaluation, type Reason, type RecordOptions, recordEvaluation } from './evaluation.ts'

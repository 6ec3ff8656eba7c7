export { type Evaluation, recordEvaluation } from './evaluation.ts'

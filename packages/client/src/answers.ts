import type {
  ComparisonAnswer,
  ComparisonEvents,
  ComparisonList,
  JudgedComparison,
  Verdict,
  VerdictAnswer,
} from '@coalmine/comparator'
import { exitCodes } from './exit-codes.ts'

/**
 * Whether an answer is a verdict of a schema that is known here.
 *
 * @example isVerdict(JSON.parse(await readFile('verdict.json', 'utf8'))) // true
 */
export function isVerdict(answer: object): answer is Verdict {
  return (
    'schema' in answer &&
    answer.schema === 'coalmine.verdict/1' &&
    'verdict' in answer &&
    typeof answer.verdict === 'string' &&
    Object.hasOwn(exitCodes, answer.verdict)
  )
}

/** Whether an answer is the state of a comparison. */
export function isComparison(answer: object): answer is ComparisonAnswer {
  return 'id' in answer && typeof answer.id === 'string' && 'state' in answer
}

/** Whether an answer is the state of a comparison with its last verdict. */
export function isJudged(answer: object): answer is JudgedComparison {
  if (!isComparison(answer) || !('verdict' in answer)) return false
  const { verdict } = answer
  return verdict === null || (typeof verdict === 'object' && verdict !== null && isVerdict(verdict))
}

/** Whether an answer is a list of comparisons. */
export function isList(answer: object): answer is ComparisonList {
  return 'comparisons' in answer && Array.isArray(answer.comparisons)
}

/** Whether an answer is that of a gate. */
export function isVerdictAnswer(answer: object): answer is VerdictAnswer {
  return 'id' in answer && 'verdict' in answer && typeof answer.verdict === 'string'
}

/** Whether an answer is events. */
export function isEvents(answer: object): answer is ComparisonEvents {
  return 'events' in answer && Array.isArray(answer.events)
}

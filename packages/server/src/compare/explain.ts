import { type Verdict, worstOf } from '@coalmine/comparator'
import type { Context } from '../context.ts'
import { interactionsOn } from './interactions.ts'
import type { ComparisonRequest } from './request.ts'
import { whyOn } from './why.ts'

/**
 * Adds an explanation of its failure to a verdict. If nothing failed, the store is not queried again, unless the request
 * names a flag. Queries that are not answered in time leave the verdict as it is, with a note that says so.
 */
export async function explained(verdict: Verdict, request: ComparisonRequest, context: Context): Promise<Verdict> {
  if (verdict.verdict === 'invalid') return verdict
  if (verdict.verdict !== 'fail' && request.interact.length === 0) return verdict
  const finding = worstOf(verdict.findings)
  if (!finding) return verdict
  // The parts are judged over the window of the whole, whenever they began.
  const within = {
    ...request,
    sinceMs: undefined,
    start: Date.parse(verdict.window.start),
    end: Date.parse(verdict.window.end),
  }
  const withInteractions = await interactionsOn(verdict, finding, within, context)
  return finding.decision === 'fail' ? whyOn(withInteractions, finding, within, context) : withInteractions
}

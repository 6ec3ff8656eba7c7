import type { Verdict } from '@coalmine/comparator'
import { impactsOf } from './impact.ts'
import type { Severity } from './notification.ts'

/** Rules for when to page somebody. */
export interface SeverityRules {
  /** Whether an operation of a service must not break. */
  readonly isCritical: (service: string, operation: string) => boolean
  /** The number of requests hurt per minute that justifies a page. */
  readonly pageFrom: number
}

/**
 * The severity of a verdict. A critical operation that provably fails for enough people, while nothing rolls it back, is a page;
 * other FAILs notify; everything else is only recorded.
 *
 * @param isRolledBack whether it is rolled back automatically, and that has not failed.
 * @example severityOf(verdict, { isCritical: () => true, pageFrom: 10 }, false) // 'page'
 */
export function severityOf(verdict: Verdict, { isCritical, pageFrom }: SeverityRules, isRolledBack: boolean): Severity {
  if (verdict.verdict !== 'fail' || verdict.traffic === 'test') return 'record'
  const impacts = impactsOf(verdict)
  // A broken promise of improvement hurts nobody.
  if (impacts.length === 0) return 'record'
  const hurts = impacts.some(
    ({ operation, hurtPerMinute }) =>
      operation !== null &&
      isCritical(verdict.service, operation) &&
      (hurtPerMinute >= pageFrom || isSpent(operation, verdict)),
  )
  return hurts && !isRolledBack ? 'page' : 'notify'
}

// The burn rate that spends 2 % of a month's budget in an hour.
const pagingBurn = 14.4
// Nobody looks before the next morning.
const nightSeconds = 12 * 3_600

/** Whether the error budget of an operation burns too fast, or is gone too soon, to wait. */
function isSpent(operation: string, { budget = [] }: Verdict): boolean {
  return budget
    .filter((one) => one.operation === operation || one.operation === null)
    .some(({ burn, lasts, rampLasts }) => {
      const left = (rampLasts ?? lasts)?.seconds ?? null
      return (burn.service ?? 0) >= pagingBurn || (left !== null && left < nightSeconds)
    })
}

/** Whether a delivery tool or a rollout removes a failed canary automatically. */
export function rollsBackItself(labels: Readonly<Record<string, string>>): boolean {
  return labels['rollback'] === 'automatic' || labels['gate'] !== undefined
}

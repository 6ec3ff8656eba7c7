import type { Verdict } from '@coalmine/comparator'
import { impactsOf } from './impact.ts'
import type { Severity } from './notification.ts'

/** What decides whether somebody is woken. */
export interface SeverityRules {
  /** Whether an operation of a service must not break. */
  readonly isCritical: (service: string, operation: string) => boolean
  /** So many requests hurt a minute are worth it. */
  readonly pageFrom: number
}

/**
 * How urgent a verdict is. A page is for a critical operation that is proved to fail for enough people, while nothing rolls it back;
 * a FAIL is told of otherwise; everything else is there to be read.
 *
 * @param isRolledBack whether something rolls it back by itself, and has not failed to.
 * @example severityOf(verdict, { isCritical: () => true, pageFrom: 10 }, false) // 'page'
 */
export function severityOf(verdict: Verdict, { isCritical, pageFrom }: SeverityRules, isRolledBack: boolean): Severity {
  if (verdict.verdict !== 'fail' || verdict.traffic === 'test') return 'record'
  const impacts = impactsOf(verdict)
  // A promise that is not kept hurts nobody.
  if (impacts.length === 0) return 'record'
  const hurts = impacts.some(
    ({ operation, hurtPerMinute }) =>
      operation !== null &&
      isCritical(verdict.service, operation) &&
      (hurtPerMinute >= pageFrom || isSpent(operation, verdict)),
  )
  return hurts && !isRolledBack ? 'page' : 'notify'
}

// What spends 2 % of a month's budget in an hour.
const pagingBurn = 14.4
// Nobody looks before the next morning.
const nightSeconds = 12 * 3_600

/** Whether the error budget of an operation burns so fast, or is gone so soon, that it does not wait. */
function isSpent(operation: string, { budget = [] }: Verdict): boolean {
  return budget
    .filter((one) => one.operation === operation || one.operation === null)
    .some(({ burn, lasts, rampLasts }) => {
      const left = (rampLasts ?? lasts)?.seconds ?? null
      return (burn.service ?? 0) >= pagingBurn || (left !== null && left < nightSeconds)
    })
}

/** Whether a delivery tool, or a rollout, takes a canary away by itself once it has failed. */
export function rollsBackItself(labels: Readonly<Record<string, string>>): boolean {
  return labels['rollback'] === 'automatic' || labels['gate'] !== undefined
}

import type { Outcome } from '@coalmine/comparator'

/**
 * The exit code of each verdict, as `coalmine watch` exits.
 *
 * @example process.exitCode = exitCodes[verdict.verdict]
 */
export const exitCodes: Readonly<Record<Outcome, number>> = { pass: 0, fail: 1, inconclusive: 2, invalid: 3 }

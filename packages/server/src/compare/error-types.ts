import type { ErrorTypeTick } from '@coalmine/comparator'
import type { OperationTicks } from '@coalmine/store'

/** The error types, or the codes of client errors, in every tick that has any. */
export function errorTypeTicks(
  operations: readonly OperationTicks[],
  which: 'errorTypes' | 'clientCodes',
): ErrorTypeTick[] {
  return operations.flatMap(({ operation, ticks }) =>
    ticks.flatMap(({ tick, stable, canary }) => {
      const types = new Set([...Object.keys(stable[which]), ...Object.keys(canary[which])])
      return [...types].map((type) => ({
        type,
        operation,
        tick,
        stable: { n: stable.traces, events: stable[which][type] ?? 0 },
        canary: { n: canary.traces, events: canary[which][type] ?? 0 },
      }))
    }),
  )
}

import type { ErrorTypeTick } from '@coalmine/comparator'
import type { OperationTicks } from '@coalmine/store'

/** The types of errors in every tick that had some. */
export function errorTypeTicks(operations: readonly OperationTicks[]): ErrorTypeTick[] {
  return operations.flatMap(({ operation, ticks }) =>
    ticks.flatMap(({ tick, stable, canary }) => {
      const types = new Set([...Object.keys(stable.errorTypes), ...Object.keys(canary.errorTypes)])
      return [...types].map((type) => ({
        type,
        operation,
        tick,
        stable: { n: stable.traces, events: stable.errorTypes[type] ?? 0 },
        canary: { n: canary.traces, events: canary.errorTypes[type] ?? 0 },
      }))
    }),
  )
}

import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Scope } from '../scopes.ts'
import type { Estimate, Tested } from './tested.ts'

/** Tests of some series that were done, so that they need not be done again where only what speaks against a FAIL is told besides. */
export interface DoneTests {
  /** The test of a metric in a scope, and whether it was done before. */
  readonly of: (
    scope: Scope,
    metric: MetricPolicy,
    test: () => Tested,
  ) => { readonly tested: Tested; readonly isKnown: boolean }
}

/** No test is done yet. */
export function newDoneTests(): DoneTests {
  const done = new Map<string, Tested>()
  return {
    of: ({ scope, operation }, metric, test) => {
      const key = JSON.stringify([scope, operation, metric])
      const known = done.get(key)
      if (known) return { tested: known, isKnown: true }
      const tested = estimatingOnce(test())
      done.set(key, tested)
      return { tested, isKnown: false }
    },
  }
}

/** An interval takes longer to find than all the evidence does to be told. */
function estimatingOnce(tested: Tested): Tested {
  const estimates = new Map<string, Estimate>()
  return {
    ...tested,
    estimate: (decision, level) => {
      const key = `${decision} ${level}`
      const estimate = estimates.get(key) ?? tested.estimate(decision, level)
      estimates.set(key, estimate)
      return estimate
    },
  }
}

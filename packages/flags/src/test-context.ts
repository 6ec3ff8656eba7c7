import { currentTest } from '@coalmine/marks'
import type { EvaluationContext, Hook } from '@openfeature/server-sdk'

/**
 * A hook for OpenFeature's server SDK that adds the test run and entity of trusted test traffic to the evaluation
 * context, as `coalmine.test.run` and `coalmine.test.entity`, so that rules can switch a feature on for one run only.
 * Evaluations for users and for untrusted claims are unchanged.
 *
 * @example OpenFeature.addHooks(testContextHook()) // flagd: { "==": [{ "var": "coalmine.test.run" }, "load-7"] }
 */
export function testContextHook(): Hook {
  return {
    before(): EvaluationContext | undefined {
      const test = currentTest()
      // Nested, because rules resolve dotted names as paths.
      return test && { coalmine: { test: { ...test } } }
    },
  }
}

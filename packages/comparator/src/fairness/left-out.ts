import type { Facts } from '../facts.ts'
import { count } from '../numbers.ts'
import type { Reason } from '../reason.ts'

const mostNamed = 5

/** Notes on what was not judged, and how the rest was read. */
export function leftOut(facts: Facts): Reason[] {
  const { stable, canary, fairness } = facts
  const found: Reason[] = []
  const note = (code: Reason['code'], message: string): void => void found.push({ code, weight: 'note', message })
  if (facts.mixedRequests > 0) {
    note('mixed-variants', `${count(facts.mixedRequests)} requests saw two variants of one flag and are left out.`)
  }
  const warmUp = (fairness?.warmUp.stable ?? 0) + (fairness?.warmUp.canary ?? 0)
  if (warmUp > 0) {
    note(
      'warm-up-left-out',
      `${count(warmUp)} requests of instances that were warming up are left out of latency (stable ${count(fairness!.warmUp.stable)}, canary ${count(fairness!.warmUp.canary)}); their errors count.`,
    )
  }
  const tests = stable.testRequests + canary.testRequests
  if (tests > 0) {
    note(
      'test-traffic-left-out',
      `${count(tests)} requests of test traffic are left out (stable ${count(stable.testRequests)}, canary ${count(canary.testRequests)}).`,
    )
  }
  if (facts.spansOnly) {
    note(
      'raw-spans',
      'This database user can only read spans, so the verdict was computed from raw spans, which is slower, and is not remembered. Run "coalmine store init" to keep summaries of them.',
    )
  } else if (facts.source === 'spans')
    note(
      'raw-spans',
      'There are no summaries for these cohorts, so the verdict was computed from raw spans, which is slower.',
    )
  else if (facts.values && facts.values.length > 0) {
    const names = facts.values.map(({ metric }) => metric)
    const more = names.length - mostNamed
    note(
      'raw-spans',
      `Computed from raw spans, which is slower: ${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    )
  }
  return found
}

import type { Facts, SampleFacts } from '../facts.ts'
import { percent } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'

/** With fewer requests in the sample, nothing is said about their answers. */
const fewest = 50
/** A smaller difference of two shares is of no consequence; and one of fewer standard errors may be chance. */
const different = { by: 0.05, standardErrors: 5 }

/**
 * What answers of the two arms do not have in common, though none of them failed, from a sample of raw spans: redirects, as to a page
 * of login, and requests that say no duration. Errors and latency do not show either, so there is no PASS.
 */
export function answerReasons({ fairness }: Facts, { metrics }: Pick<Policy, 'metrics'>): Reason[] {
  const { stable, canary } = fairness?.sample ?? {}
  if (!stable || !canary || Math.min(stable.requests, canary.requests) < fewest) return []
  const judged = metrics.some(({ measure }) => measure.kind === 'share' && measure.of.includes('status_code'))
  return [...(judged ? [] : redirected(stable, canary)), ...unmeasured(stable, canary)]
}

function redirected(stable: SampleFacts, canary: SampleFacts): Reason[] {
  const [before, now] = [shareOf(stable, 'redirects'), shareOf(canary, 'redirects')]
  if (now < before || !differ(stable, canary, 'redirects')) return []
  return [
    {
      code: 'answers-differ',
      weight: 'blocks',
      message: `The canary answers ${percent(now)} of its requests with redirects (HTTP 3xx), and stable ${percent(before)}, which neither errors nor latency show. See where they lead. If they are meant, say so with a metric of their share in coalmine.yaml: share: http.response.status_code=302.`,
    },
  ]
}

function unmeasured(stable: SampleFacts, canary: SampleFacts): Reason[] {
  if (!differ(stable, canary, 'timeless')) return []
  const share = (one: SampleFacts): string => percent(shareOf(one, 'timeless'))
  return [
    {
      code: 'durations-missing',
      weight: 'blocks',
      message: `${share(canary)} of the canary's requests and ${share(stable)} of stable's end when they start, or before, so their latency is not known and counts as zero. See how these spans are ended; a clock that is set back does this too.`,
    },
  ]
}

type Counted = 'redirects' | 'timeless'

function differ(stable: SampleFacts, canary: SampleFacts, what: Counted): boolean {
  const by = Math.abs(shareOf(canary, what) - shareOf(stable, what))
  const n = stable.requests + canary.requests
  const all = ((stable[what] ?? 0) + (canary[what] ?? 0)) / n
  const error = Math.sqrt(all * (1 - all) * (1 / stable.requests + 1 / canary.requests))
  return by > Math.max(different.by, different.standardErrors * error)
}

function shareOf(sample: SampleFacts, what: Counted): number {
  return (sample[what] ?? 0) / sample.requests
}

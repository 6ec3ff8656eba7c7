import type { CohortFacts, Facts, SampleFacts } from '../facts.ts'
import { count, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'

/**
 * A cohort with an estimate of the requests it served, if a head sampler kept only some of them and their trace state says how
 * many (`th`: each kept one stands for 2^56 / (2^56 - th)). Estimated from the sampled ticks; the tests are on what was
 * kept, where every request had the same chance.
 */
export function adjusted(cohort: CohortFacts, sample: SampleFacts | undefined): CohortFacts {
  const weight = sample ? weightOf(sample) : 1
  return weight === 1 ? cohort : { ...cohort, adjustedRequests: Math.round(cohort.requests * weight) }
}

/** The note that requests were sampled, and what that means for the counts. */
export function sampledReasons({ stable, canary, fairness }: Facts): Reason[] {
  const sample = fairness?.sample
  if (!sample) return []
  const [ofStable, ofCanary] = [weightOf(sample.stable), weightOf(sample.canary)]
  if (ofStable === 1 && ofCanary === 1) return []
  const kept = ofStable === ofCanary ? percent(1 / ofStable) : `${percent(1 / ofStable)} and ${percent(1 / ofCanary)}`
  return [
    {
      code: 'sampled',
      weight: 'note',
      message: `Requests were sampled: ${kept} were kept. Stable served about ${count(stable.requests * ofStable)}, canary about ${count(canary.requests * ofCanary)}. Counts and tests use only what was kept.`,
    },
  ]
}

/** How many requests a kept one stands for, in the mean. */
function weightOf({ sampling, requests }: SampleFacts): number {
  if (requests === 0) return 1
  const served = sampling.reduce((sum, one) => sum + one.requests / (one.probability ?? 1), 0)
  return served / requests
}

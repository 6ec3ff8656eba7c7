import type { Facts } from '../facts.ts'
import { plainFacts } from '../plain-facts.ts'

const cohort = { selector: '', requests: 0, instances: 0 }

/** What decisions may know of simulated traffic besides its slices: nothing. Without instances throughput is not judged. */
export const simulatedFacts: Facts = plainFacts({ service: '', startMs: 0, endMs: 0, stable: cohort, canary: cohort })

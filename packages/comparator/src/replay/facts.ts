import type { CohortFacts, Facts } from '../facts.ts'

const cohort: CohortFacts = { selector: '', requests: 0, traces: 0, instances: 0, testRequests: 0, flags: [] }

/** What decisions may know of simulated traffic besides its slices: nothing. Without instances throughput is not judged. */
export const simulatedFacts: Facts = {
  service: '',
  window: { start: new Date(0).toISOString(), end: new Date(0).toISOString(), seconds: 0, anchored: true },
  stable: cohort,
  canary: cohort,
  traffic: 'users',
  audience: [],
  scope: 'requests',
  overlap: 0,
  mixedRequests: 0,
  lateSpans: 0,
  source: 'ticks',
  version: '',
}

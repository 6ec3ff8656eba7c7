import type { CohortFacts, Facts } from './facts.ts'

/** What has to be said of a cohort, and what may be. */
type PlainCohort = Pick<CohortFacts, 'selector' | 'requests' | 'instances'> & Partial<CohortFacts>

/**
 * The facts of a comparison of users' requests of which nothing more is known: nothing was left out, and nothing is unfair.
 *
 * @param startMs the window, in milliseconds since 1970.
 * @param more facts that are known, or differ.
 * @example
 * const cohort = { selector: 'service.version=2.0.0', requests: 900, instances: 3 }
 * judge(slices, defaultPolicy, plainFacts({ service: 'shop', startMs: 0, endMs: 60_000, stable, canary: cohort }))
 */
export function plainFacts({
  service,
  startMs,
  endMs,
  stable,
  canary,
  ...more
}: {
  readonly service: string
  readonly startMs: number
  readonly endMs: number
  readonly stable: PlainCohort
  readonly canary: PlainCohort
} & Partial<Omit<Facts, 'service' | 'window' | 'stable' | 'canary'>>): Facts {
  const cohort = (one: PlainCohort): CohortFacts => ({ traces: one.requests, testRequests: 0, flags: [], ...one })
  return {
    service,
    window: {
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      seconds: (endMs - startMs) / 1000,
      anchored: true,
    },
    stable: cohort(stable),
    canary: cohort(canary),
    traffic: 'users',
    audience: [],
    scope: 'requests',
    overlap: 0,
    mixedRequests: 0,
    lateSpans: 0,
    source: 'ticks',
    version: '',
    ...more,
  }
}

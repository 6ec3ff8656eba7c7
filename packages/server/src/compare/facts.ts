import { type CohortFacts, type Facts, tickMs } from '@coalmine/comparator'
import type { ComparisonFacts, FlagShare } from '@coalmine/store'
import type { ComparisonRequest } from './request.ts'

/** The start of the tick that contains a moment, both in milliseconds since 1970. */
const tickOf = (ms: number): number => Math.floor(ms / tickMs) * tickMs

/** The comparator's facts about a comparison, besides its slices. */
export function factsOf(
  request: ComparisonRequest,
  found: ComparisonFacts,
  flags: readonly FlagShare[],
  window: { readonly start: number | undefined; readonly end: number | undefined },
  {
    version,
    now,
    anchored = request.sinceMs === undefined,
  }: { readonly version: string; readonly now: number; readonly anchored?: boolean },
): Facts {
  const seen = (times: readonly (number | undefined)[]): number[] => times.filter((time) => time !== undefined)
  // Only whole ticks of the time that was asked for are read; what was seen lies in the middle of one.
  const start =
    window.start === undefined
      ? tickOf(Math.min(now, ...seen([found.stable.firstMs, found.canary.firstMs])))
      : Math.ceil(window.start / tickMs) * tickMs
  const last = Math.max(...seen([found.stable.lastMs, found.canary.lastMs]))
  const bothServed = found.stable.requests > 0 && found.canary.requests > 0
  // If a cohort is empty, report the requested window; otherwise the part of it that has closed ticks.
  const end = bothServed || window.end === undefined ? tickOf(last) + tickMs : tickOf(window.end)
  const until = Number.isFinite(end) ? Math.max(start, end) : now
  // If there are many flags, the store leaves out those with the fewest requests.
  const flagsLeftOut = (flags[0]?.flags ?? 0) - new Set(flags.map(({ flag }) => flag)).size
  const cohort = (name: 'stable' | 'canary'): CohortFacts => {
    const { requests, traces, instances, testRequests } = found[name]
    return {
      selector: request[name],
      requests,
      traces,
      instances: instances.length,
      testRequests,
      flags: flags
        .filter((share) => share.cohort === name)
        .map(({ operation, flag, variant, requests }) => ({ operation, flag, variant, requests })),
      ...(flagsLeftOut > 0 && { flagsLeftOut }),
    }
  }
  return {
    service: request.service,
    window: {
      start: new Date(start).toISOString(),
      end: new Date(until).toISOString(),
      seconds: (until - start) / 1000,
      anchored,
    },
    stable: cohort('stable'),
    canary: cohort('canary'),
    traffic: request.traffic,
    audience: request.audience,
    scope: request.side === 'calls' ? 'downstream' : 'requests',
    overlap: found.overlap,
    mixedRequests: found.mixedRequests,
    lateSpans: found.late,
    source: found.source,
    version,
  }
}

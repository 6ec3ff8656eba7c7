import type { AsRead, Comparison } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import { type BuildsSeen, buildsSeenOf } from './builds.ts'
import { type ChangeMarks, changeMarks } from './change-marks.ts'
import { type ComparisonFacts, cohortFacts } from './facts.ts'
import { type FlagShare, flagShares, flagsMet } from './flag-shares.ts'
import { type InstanceLife, instanceLivesOf } from './instances.ts'
import { type ServedSince, servedSince } from './still-served.ts'

/** Reads the members of a comparison's cohorts. */
export interface CohortReader {
  /** Requests, instances, times, and which requests were left out. */
  readonly facts: (comparison: Comparison) => Promise<ComparisonFacts>
  /** The instances that served the cohorts found by `facts`, which may still be pending; undefined if they are unknown. */
  readonly instances: (
    comparison: Comparison,
    found: ComparisonFacts | Promise<ComparisonFacts>,
  ) => Promise<readonly InstanceLife[] | undefined>
  /** When the builds that `facts` found were first seen; undefined for other cohorts. */
  readonly builds: (comparison: Comparison, found: ComparisonFacts) => Promise<BuildsSeen | undefined>
  /** Which flag variants the cohorts of a comparison by build met. */
  readonly flagShares: (comparison: Comparison) => Promise<readonly FlagShare[]>
  /** The same for any comparison, from raw spans if need be, which takes seconds and may time out. */
  readonly flagsMet: (comparison: Comparison) => Promise<readonly FlagShare[]>
  /** Requests to the service, and to the canary, since `sinceMs`. */
  readonly servedSince: (comparison: Comparison, sinceMs: number) => Promise<ServedSince>
  /** The change in the canary, from its build marks since `sinceMs`. */
  readonly changeMarks: (comparison: Comparison, sinceMs: number) => Promise<ChangeMarks>
}

/** A reader of an engine's cohorts. */
export function cohortReader(engine: Engine, asRead: AsRead): CohortReader {
  return {
    facts: (comparison) => cohortFacts(engine, asRead(comparison)),
    instances: (comparison, found) => instanceLivesOf(engine, asRead(comparison), found),
    builds: (comparison, found) => buildsSeenOf(engine, asRead(comparison), found),
    flagShares: (comparison) => flagShares(engine, asRead(comparison)),
    flagsMet: (comparison) => flagsMet(engine, asRead(comparison)),
    servedSince: (comparison, sinceMs) => servedSince(engine, comparison, sinceMs),
    changeMarks: (comparison, sinceMs) => changeMarks(engine, comparison, sinceMs),
  }
}

import type { AsRead, Comparison } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import { type BuildsSeen, buildsSeenOf } from './builds.ts'
import { type ChangeMarks, changeMarks } from './change-marks.ts'
import { type ComparisonFacts, cohortFacts } from './facts.ts'
import { type FlagShare, flagShares, flagsMet } from './flag-shares.ts'
import { type InstanceLife, instanceLivesOf } from './instances.ts'
import { type ServedSince, servedSince } from './still-served.ts'

/** Who the cohorts of a comparison are. */
export interface CohortReader {
  /** Requests, instances, times, and what was left out. */
  readonly facts: (comparison: Comparison) => Promise<ComparisonFacts>
  /** The instances that served the cohorts that `facts` finds, which may still be looking; undefined where they are not known. */
  readonly instances: (
    comparison: Comparison,
    found: ComparisonFacts | Promise<ComparisonFacts>,
  ) => Promise<readonly InstanceLife[] | undefined>
  /** When the builds that `facts` found were first seen; undefined for other cohorts. */
  readonly builds: (comparison: Comparison, found: ComparisonFacts) => Promise<BuildsSeen | undefined>
  /** Which flag variants the cohorts of a comparison by build met. */
  readonly flagShares: (comparison: Comparison) => Promise<readonly FlagShare[]>
  /** The same of any comparison, if need be from raw spans, which takes seconds and may fail for it. */
  readonly flagsMet: (comparison: Comparison) => Promise<readonly FlagShare[]>
  /** What the service, and the canary, were asked since a moment. */
  readonly servedSince: (comparison: Comparison, sinceMs: number) => Promise<ServedSince>
  /** What the canary's build marks since a moment say of the change in it. */
  readonly changeMarks: (comparison: Comparison, sinceMs: number) => Promise<ChangeMarks>
}

/** Reads cohorts of an engine, as this store may be read. */
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

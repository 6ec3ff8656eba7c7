import type { Decided } from '../decide.ts'
import type { Part } from '../finding.ts'
import { countsOf } from '../metrics/lost-requests.ts'
import { rounded } from '../numbers.ts'
import { smallestBlock } from '../series.ts'
import type { Run } from '../statistics/run.ts'
import { type Served, servedIn } from './served.ts'

/** Requests served, and the number needed to see anything at all; both cohorts must reach it. */
export interface TooFew {
  readonly needed: number
  readonly stable: number
  readonly canary: number
}

/** What keeps a finding from PASS. `requests` is null if the effect is so near the margin that PASS is not in sight, or if there are too few. */
export interface Missing {
  readonly metric: string
  readonly operation: string | null
  readonly part: Part
  readonly canaryRequests: number | null
  readonly seconds: number | null
  /** Null if there are enough requests to tell whether the evidence grows. */
  readonly tooFew: TooFew | null
}

/**
 * What keeps a finding from PASS, part by part: how many more canary requests, and how long at the canary's rate so
 * far. Estimated from the growth of the evidence over the second half of the window, or over all of it if chance held
 * it up lately; if it does not grow, the effect is near the margin or beyond it, and no number of requests is promised.
 *
 * @param served the requests of its scope.
 */
export function missingFor(decided: Decided, served: Served = servedIn(countsOf(decided.scope.series))): Missing[] {
  return decided.tested.within
    .filter(({ run }) => run.logE < decided.neededWithin)
    .map(({ part, run }) => ({
      metric: decided.metric.name,
      operation: decided.scope.operation,
      part,
      ...remaining(part, run, decided.neededWithin, served),
    }))
}

function remaining(
  part: Part,
  run: Run,
  needed: number,
  served: Served,
): Pick<Missing, 'canaryRequests' | 'seconds' | 'tooFew'> {
  // The time after a canary went quiet does not count towards its rate.
  const { canaryLast } = served
  const { halfway } = run
  const unknown = { canaryRequests: null, seconds: null }
  if (canaryLast === undefined || !halfway) return { ...unknown, tooFew: tooFewIn(served, part) }
  const since = served.canaryAfter(halfway.tick)
  const lately = (run.logE - halfway.logE) / since
  const growth = lately > 0 ? lately : run.logE / served.canary
  if (!(growth > 0)) return { ...unknown, tooFew: null }
  const requests = (needed - run.logE) / growth
  const rate = since / ((canaryLast - halfway.tick) / 1000)
  return { canaryRequests: atLeastOne(requests), seconds: atLeastOne(requests / rate), tooFew: null }
}

/** Growth shows between two blocks, so it takes two. */
function tooFewIn({ stable, canary }: Served, part: Part): TooFew {
  return { needed: 2 * (/ 1 %$/.test(part) ? hundredth : smallestBlock), stable, canary }
}

const hundredth = 100

/** An estimate of at least one, since zero would be a promise. */
function atLeastOne(value: number): number {
  return rounded(Math.max(1, value), 2)
}

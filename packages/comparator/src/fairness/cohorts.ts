import { shareProcess } from '@coalmine/stats'
import type { CohortFacts, Facts } from '../facts.ts'
import { countsBothServed, countsOf } from '../metrics/lost-requests.ts'
import { count, counted, duration, percent } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries } from '../series.ts'
import { run } from '../statistics/run.ts'
import { concentration } from '../statistics/sequential.ts'
import { noSuchService } from './no-such-service.ts'
import { notSideBySide } from './side-by-side.ts'

/** A declared split that is missed at this level is not chance. */
const splitLevel = 0.001
/** A build that served this long before the other was there to be compared with. */
const clearlyEarlierMs = 600_000
/** With a larger share of requests without a build than this, neither cohort is known well enough. */
const tooManyUnmarked = 0.1

/** Cohorts that cannot be compared: the same one twice, an empty one, one after the other, or swapped. */
export function cohortsInvalid(facts: Facts, series: readonly OperationSeries[]): Reason[] {
  const { stable, canary } = facts
  if (stable.selector === canary.selector) {
    return [
      invalid(
        'same-cohort',
        `--stable and --canary both select ${stable.selector}: give two different builds, variants or attributes.`,
      ),
    ]
  }
  const empty = (
    [
      ['stable', stable],
      ['canary', canary],
    ] as const
  ).filter(([, cohort]) => cohort.requests === 0)
  if (empty.length > 0) return [invalid('no-data', noData(facts, empty))]
  const apart = notSideBySide(countsOf(series), facts)
  if (apart !== undefined) {
    return [
      invalid(
        'never-concurrent',
        `${apart}: they did not run side by side between ${facts.window.start} and ${facts.window.end}.${overlapAdvice(facts)}`,
      ),
    ]
  }
  const earlierMs = facts.fairness?.builds
    ? facts.fairness.builds.stableFirstMs - facts.fairness.builds.canaryFirstMs
    : 0
  const share = canary.requests / (canary.requests + stable.requests)
  if (earlierMs >= clearlyEarlierMs && share > 0.5) {
    return [
      invalid(
        'swapped',
        `canary (${canary.selector}) had served for ${duration(earlierMs / 1000)} before stable (${stable.selector}) appeared, and has ${percent(share)} of the requests: the two look swapped. Make the older build stable.`,
      ),
    ]
  }
  return []
}

/** Reasons why the cohorts differ in more than what selects them. */
export function cohortsUnfair(facts: Facts, series: readonly OperationSeries[], policy: Policy): Reason[] {
  const { stable, canary, overlap, fairness } = facts
  const reasons: Reason[] = []
  if (policy.split !== null) {
    const counts = countsBothServed(series, series)
    const split = run(shareProcess({ alternative: 'different', share: policy.split, concentration }), counts)
    if (split.maxLogE >= -Math.log(splitLevel)) {
      const served = counts.reduce((sum, tick) => sum + tick.canary, 0)
      const all = counts.reduce((sum, tick) => sum + tick.canary + tick.stable, 0)
      reasons.push({
        code: 'split-missed',
        weight: 'blocks',
        message: `The canary should have had ${percent(policy.split)} of the traffic but got ${percent(served / all)} of ${count(all)} requests, so the cohorts may differ in more than the build. Check how requests are routed and retried, and whether some are lost.`,
      })
    }
  }
  const tooMuch = overlap > 0.01 * (stable.traces + canary.traces)
  if (tooMuch) {
    reasons.push({
      code: 'overlapping-cohorts',
      weight: 'blocks',
      message: `${count(overlap)} traces match both cohorts, or change variant midway, and were left out of both. Choose selectors that exclude each other.`,
    })
  } else if (overlap > 0) {
    reasons.push({
      code: 'overlapping-cohorts',
      weight: 'note',
      message: `${count(overlap)} traces match both cohorts, or change variant midway, and were left out.`,
    })
  }
  const unmarked = fairness?.builds?.unmarkedRequests ?? 0
  if (unmarked > 0) {
    const share = unmarked / (unmarked + stable.requests + canary.requests)
    reasons.push({
      code: 'unmarked-requests',
      weight: share > tooManyUnmarked ? 'blocks' : 'note',
      message: `${count(unmarked)} requests (${percent(share)}) name no build and are left out: set service.version on every instance.`,
    })
  }
  return reasons
}

function noData(facts: Facts, empty: readonly (readonly [string, CohortFacts])[]): string {
  const { services, values, open } = facts.known ?? { services: [], values: [], open: { spans: 0 } }
  if (!services.includes(facts.service)) return noSuchService(facts.service, services)
  const advice = open.unattended
    ? 'run "coalmine serve" on this store, or "coalmine store backfill" once'
    : 'look again in half a minute'
  const pending =
    open.spans > 0
      ? ` ${counted(open.spans, 'span')} of ${facts.service} have arrived, but their five-second ticks have not closed yet: ${advice}.`
      : ''
  const { start, end } = facts.window
  // A comparison that begins to wait has no window yet.
  const within = `${whoseOf(facts)} ${start === end ? 'so far' : `between ${start} and ${end}`}.`
  if (facts.scope === 'downstream') {
    const missing = empty.map(([arm, cohort]) => `no call by ${arm}, ${cohort.selector},`).join(' and ')
    return `${missing}${within} Calls are the CLIENT and PRODUCER spans of ${facts.service}: is what it calls through instrumented?${pending}`
  }
  const missing = empty.map(([arm, cohort]) => `no ${arm} request with ${cohort.selector}`).join(' and ')
  const seen = values.length > 0 ? ` ${facts.service} has sent: ${values.join(', ')}.` : ''
  const [first] = empty
  const ranBefore = empty.length === 1 && first?.[0] === 'stable' && values.includes(facts.stable.selector)
  return `${missing}${within}${seen}${pending}${ranBefore ? overlapAdvice(facts) : ''}`
}

/** Advice if one build follows the other, as in blue-green deployments. */
function overlapAdvice({ spanMetrics }: Facts): string {
  const days = spanMetrics
    ? ''
    : ', or compare the canary with stable at the same hours of earlier days: --stable-window 7d'
  return ` If one replaces the other (blue/green), run both at once for a while${days}.`
}

/** The other filters on requests, besides the cohort. */
function whoseOf({ traffic, audience }: Facts): string {
  const ofTests = traffic === 'test' ? ' of test traffic' : ''
  return audience.length === 0 ? ofTests : `${ofTests} of audience ${audience.join(' or ')}`
}

function invalid(code: Reason['code'], message: string): Reason {
  return { code, weight: 'decides', message }
}

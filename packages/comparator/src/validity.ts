import { shareProcess } from '@coalmine/stats'
import { concentration, countsBothServed } from './lost-requests.ts'
import type { Policy } from './policy.ts'
import { run } from './run.ts'
import type { OperationSeries } from './series.ts'
import type { CohortFacts, Facts, Reason } from './verdict.ts'
import { count, percent } from './wording.ts'

/** A declared split that is missed at this level is not chance. */
const splitLevel = 0.001

/** Reasons for which a comparison means nothing. */
export function invalidReasons(facts: Facts, series: readonly OperationSeries[]): Reason[] {
  const { stable, canary } = facts
  if (stable.selector === canary.selector) {
    return [
      invalid(
        'same-cohort',
        `--stable and --canary both choose ${stable.selector}: name two different builds, variants or attributes.`,
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
  const together = series.some((one) => one.requests.some((tick) => tick.stable > 0 && tick.canary > 0))
  if (!together) {
    return [
      invalid(
        'never-concurrent',
        `stable and canary never served the same operation in the same five seconds: they were not run side by side between ${facts.window.start} and ${facts.window.end}.`,
      ),
    ]
  }
  return []
}

/** What makes a comparison unfair: where a reason blocks, it can FAIL, but never PASS. */
export function unfairReasons(facts: Facts, series: readonly OperationSeries[], policy: Policy): Reason[] {
  const reasons: Reason[] = []
  if (policy.split !== null) {
    const counts = countsBothServed(series, series)
    const split = run(shareProcess({ alternative: 'different', share: policy.split, concentration }), counts)
    if (split.maxLogE >= -Math.log(splitLevel)) {
      const canary = counts.reduce((sum, tick) => sum + tick.canary, 0)
      const all = counts.reduce((sum, tick) => sum + tick.canary + tick.stable, 0)
      reasons.push({
        code: 'split-missed',
        weight: 'blocks',
        message: `The canary was to get ${percent(policy.split)} of the traffic and got ${percent(canary / all)} of ${count(all)} requests: the cohorts may differ in more than the build. Look for what routes, retries or loses requests.`,
      })
    }
  }
  reasons.push(...unmatchedReasons(series, policy))
  if (facts.overlap > tooMuchOverlap(facts)) {
    reasons.push({
      code: 'overlapping-cohorts',
      weight: 'blocks',
      message: `${count(facts.overlap)} traces match both cohorts, or change build or variant midway, and were left out of both: choose selectors that exclude each other.`,
    })
  }
  return reasons
}

// Of operations that only the canary serves nothing is proved; this many failures are too many to overlook.
const overlookedErrors = 0.01

/** Operations that only one arm served cannot be compared: they are named, and where they are many there is no PASS. */
function unmatchedReasons(series: readonly OperationSeries[], policy: Policy): Reason[] {
  return (['canary', 'stable'] as const).flatMap((arm): Reason[] => {
    const other = arm === 'canary' ? 'stable' : 'canary'
    const alone = series.filter((one) => one.totals[other].requests === 0)
    const sum = (some: readonly OperationSeries[], what: 'requests' | 'errors'): number =>
      some.reduce((total, one) => total + one.totals[arm][what], 0)
    const requests = sum(alone, 'requests')
    if (requests === 0) return []
    const errors = sum(alone, 'errors')
    const share = requests / sum(series, 'requests')
    const blocks = share >= policy.minimumShare || (arm === 'canary' && errors > overlookedErrors * requests)
    const names = alone.map((one) => one.operation)
    const named = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
    return [
      {
        code: 'unmatched-operations',
        weight: blocks ? 'blocks' : 'note',
        message: `Only ${arm} served ${named}: ${count(requests)} requests (${percent(share)} of its own), ${count(errors)} of them failed. They have nothing to be compared with.`,
      },
    ]
  })
}

/** What is good to know and changes no decision. */
export function notes(facts: Facts): Reason[] {
  const { stable, canary } = facts
  const found: Reason[] = []
  const note = (code: Reason['code'], message: string): void => void found.push({ code, weight: 'note', message })
  const tests = stable.testRequests + canary.testRequests
  if (tests > 0) {
    note(
      'test-traffic-left-out',
      `${count(tests)} requests of test traffic are in neither cohort (stable ${count(stable.testRequests)}, canary ${count(canary.testRequests)}).`,
    )
  }
  if (facts.mixedRequests > 0) {
    note(
      'mixed-variants',
      `${count(facts.mixedRequests)} requests saw two builds or two variants of one flag: they are in neither cohort.`,
    )
  }
  if (facts.overlap > 0 && facts.overlap <= tooMuchOverlap(facts)) {
    note(
      'overlapping-cohorts',
      `${count(facts.overlap)} traces match both cohorts, or change build or variant midway, and were left out.`,
    )
  }
  if (facts.lateSpans > 0)
    note('late-spans', `${count(facts.lateSpans)} spans came after their tick had closed and were not judged.`)
  if (canary.instances > 0 && canary.instances < 3) {
    note(
      'host-not-separable',
      `The canary ran on ${canary.instances === 1 ? 'one instance' : `${canary.instances} instances`}: a bad host looks like a bad build. Restart it elsewhere to tell them apart.`,
    )
  }
  const load = loadRatio(stable, canary)
  if (load !== null && (load > 3 || load < 1 / 3)) {
    const [busier, quieter] = load > 1 ? ['stable', 'canary'] : ['canary', 'stable']
    note(
      'unequal-load',
      `A ${busier} instance carries ${Math.round(load > 1 ? load : 1 / load)} times the load of a ${quieter} one: busy processes are warmer, and queue more. Compare instances of equal load where you can.`,
    )
  }
  if (!facts.window.anchored)
    note(
      'one-look',
      'The window slides: its error rate holds for one look. Leave out --since to look as often as you like.',
    )
  if (facts.source === 'spans')
    note('raw-spans', 'These cohorts are not rolled up: the verdict was computed from raw spans, which is slower.')
  return found
}

function tooMuchOverlap({ stable, canary }: Facts): number {
  return 0.01 * (stable.traces + canary.traces)
}

function loadRatio(stable: CohortFacts, canary: CohortFacts): number | null {
  if (stable.instances === 0 || canary.instances === 0) return null
  return stable.requests / stable.instances / (canary.requests / canary.instances)
}

function noData(facts: Facts, empty: readonly (readonly [string, CohortFacts])[]): string {
  const { services, values, open } = facts.known ?? { services: [], values: [], open: { spans: 0 } }
  if (!services.includes(facts.service)) {
    const seen =
      services.length > 0 ? `The store has seen: ${services.join(', ')}.` : 'The store has seen no service yet.'
    return `no spans of service "${facts.service}". ${seen}`
  }
  const pending =
    open.spans > 0
      ? ` ${count(open.spans)} spans of it have arrived whose five-second ticks have not closed yet: look again in half a minute.`
      : ''
  const missing = empty.map(([arm, cohort]) => `no ${arm} request with ${cohort.selector}`).join(' and ')
  const seen = values.length > 0 ? ` ${facts.service} has sent: ${values.join(', ')}.` : ''
  return `${missing} between ${facts.window.start} and ${facts.window.end}.${seen}${pending}`
}

function invalid(code: Reason['code'], message: string): Reason {
  return { code, weight: 'decides', message }
}

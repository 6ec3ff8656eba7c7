import { shareProcess } from '@coalmine/stats'
import type { CohortFacts, Facts, InstanceFacts } from '../facts.ts'
import { duration, latency, percent, rounded } from '../numbers.ts'
import { formatMargin, type Margin } from '../policy/margin.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import { run } from '../statistics/run.ts'
import { marginPhrase } from '../verdict/expectation-phrase.ts'
import type { Hosts } from './hosts.ts'
import { beyondHosts } from './hosts.ts'
import { youngReasons } from './young.ts'

// A cohort's instances come up one after the other; one that appears later than this takes another's place.
const startsMs = 60_000
/** How many must be replaced before it is reported, and the level beyond which it is not chance. */
const fewestReplaced = 3
const level = 0.01

/** Reasons about the processes behind the cohorts. */
export function instanceReasons(facts: Facts, hosts: Hosts | null, policy: Policy): Reason[] {
  return [
    ...restarts(facts),
    ...oneInstance(hosts),
    ...hostsDiffer(facts, hosts, policy),
    ...youngReasons(facts, policy),
    ...unequalLoad(facts),
  ]
}

/** A canary whose processes keep crashing may answer well in between: a request cut off by a crash leaves no span. */
function restarts({ fairness }: Facts): Reason[] {
  const instances = fairness?.instances ?? []
  const of = (cohort: 'stable' | 'canary'): readonly InstanceFacts[] => instances.filter((one) => one.cohort === cohort)
  const endMs = instances.reduce((last, one) => Math.max(last, one.lastMs), 0)
  const stable = replacedOf(of('stable'), endMs)
  const canary = replacedOf(of('canary'), endMs)
  if (canary.replaced < fewestReplaced || stable.livedMs === 0) return []
  const share = canary.livedMs / (canary.livedMs + stable.livedMs)
  const counts = { tick: endMs, stable: stable.replaced, canary: canary.replaced }
  // Few are expected, and many of them are the alternative: the mixture is wide.
  const more = run(shareProcess({ alternative: 'greater', share, concentration: 2 }), [counts])
  if (more.maxLogE < -Math.log(level)) return []
  return [
    {
      code: 'instances-restart',
      weight: 'blocks',
      message: `${canary.replaced} canary instances disappeared and were replaced (stable: ${stable.replaced}), after about ${duration(canary.livedMs / of('canary').length / 1000)} each. The canary may be crashing; requests that a crash cuts off leave no spans. Find out why the instances ended.`,
    },
  ]
}

function replacedOf(instances: readonly InstanceFacts[], endMs: number): { replaced: number; livedMs: number } {
  const begins = instances.reduce((first, one) => Math.min(first, one.firstMs), Number.POSITIVE_INFINITY)
  const vanished = instances.filter((one) => one.lastMs < endMs - startsMs).length
  const appeared = instances.filter((one) => one.born && one.firstMs > begins + startsMs).length
  return {
    replaced: Math.min(vanished, appeared),
    livedMs: instances.reduce((sum, one) => sum + one.lastMs - one.firstMs, 0),
  }
}

function hostsDiffer({ canary, fairness }: Facts, hosts: Hosts | null, policy: Policy): Reason[] {
  const note = (message: string): Reason => ({ code: 'host-not-separable', weight: 'note', message })
  const widened = policy.metrics
    .map((metric) => ({ metric, beyond: beyondHosts(metric, hosts) }))
    .filter(({ metric, beyond }) => formatMargin(metric.margin) !== formatMargin(beyond.margin))
    .map(({ metric, beyond }) => `${metric.name} to be worse by more than ${marginPhrase(shortened(beyond.margin))}`)
  const alone = fewInstances(canary)
  if (widened.length > 0) {
    const failing = new Set(hosts!.placebo?.map((one) => one.instance)).size
    const spread =
      hosts!.variation.latency === null
        ? 'Stable has too few instances to show how much hosts differ, so 5 % is assumed.'
        : failing > 0
          ? `Stable's ${hosts!.stable} instances run the same build, yet ${failing} of them would FAIL against the others, so the canary's hosts may too.`
          : `Hosts may differ as much as stable's ${hosts!.stable} instances do from each other.`
    return [
      note(`${spread} FAIL needs ${widened.join(' and ')}, which hosts alone rarely cause.${alone ? ` ${alone}` : ''}`),
    ]
  }
  const shared = fairness?.instances?.some((one) => one.cohort === 'both') ?? false
  if (shared || !alone) return []
  return [note(alone)]
}

/** What is proved about one instance may be due to its host. */
function fewInstances({ instances }: CohortFacts): string | null {
  if (instances === 0 || instances > 2) return null
  return instances === 1
    ? 'The canary ran on one instance, where a bad host looks like a bad build. Restart it elsewhere, or run two, to tell them apart.'
    : 'The canary ran on 2 instances, where a bad host looks like a bad build. Restart it elsewhere to tell them apart.'
}

/** One canary instance among several that is worse than the rest of them: they run the same build. */
function oneInstance(hosts: Hosts | null): Reason[] {
  const [first, ...more] = hosts?.outOfLine ?? []
  if (!first) return []
  const others = new Set(more.map((one) => one.instance).filter((instance) => instance !== first.instance)).size
  const value = (of: number | null): string =>
    of === null ? '?' : first.statistic.startsWith('p') ? latency(of) : percent(of)
  return [
    {
      code: 'one-instance',
      weight: 'note',
      message: `Canary instance ${first.instance} is out of line with the canary's others: ${first.metric} ${first.statistic.startsWith('p') ? `${first.statistic} ` : ''}${value(first.others)} -> ${value(first.own)}${others > 0 ? `, and so are ${others} more` : ''}. Check its host before blaming the build.`,
    },
  ]
}

function shortened(margin: Margin): Margin {
  if ('seconds' in margin) return { ...margin, ratio: rounded(margin.ratio, 2) }
  return 'oddsRatio' in margin ? { ...margin, oddsRatio: rounded(margin.oddsRatio, 2) } : margin
}

function unequalLoad({ stable, canary, beforeAfter }: Facts): Reason[] {
  // Stable is several days of it then.
  if (beforeAfter) return []
  const load = loadRatio(stable, canary)
  if (load === null || (load <= 3 && load >= 1 / 3)) return []
  const [busier, quieter] = load > 1 ? ['stable', 'canary'] : ['canary', 'stable']
  return [
    {
      code: 'unequal-load',
      weight: 'note',
      message: `A ${busier} instance carries ${Math.round(load > 1 ? load : 1 / load)} times the load of a ${quieter} one: busy processes are warmer and queue more. If you can, compare instances under equal load.`,
    },
  ]
}

function loadRatio(stable: CohortFacts, canary: CohortFacts): number | null {
  if (stable.instances === 0 || canary.instances === 0) return null
  return stable.requests / stable.instances / (canary.requests / canary.instances)
}

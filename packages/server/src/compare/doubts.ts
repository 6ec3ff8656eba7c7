import type { Doubts, Facts, FairnessFacts, Finding, HeaviestUsers, Policy, Verdict } from '@coalmine/comparator'
import type { Comparison, InstanceLife, Store } from '@coalmine/store'
import { unlessTooSlow } from './unless-too-slow.ts'

/** What it takes to judge a FAIL again. */
interface Again {
  readonly store: Store
  readonly comparison: Comparison
  readonly policy: Policy
  readonly instances: readonly InstanceLife[]
  readonly judgeAgain: (doubts: Doubts) => Promise<Verdict>
}

// Enough of each cohort to hold against each other, and of operations that are judged each. Where cohorts share instances, each of these is
// a stratum by itself, and what the others served does not count.
const most = { apart: { instances: 20, operations: 20 }, shared: { instances: 60, operations: 6 } }

/**
 * Makes sure that a FAIL does not rest on a few instances or users: reads each instance's ticks and the users with
 * the most bad requests, and judges again with them. For other verdicts nothing more is read.
 */
export async function doubted(verdict: Verdict, facts: Facts, again: Again): Promise<Verdict> {
  if (verdict.verdict !== 'fail' || !facts.fairness) return verdict
  const [instanceTicks, heaviestUsers] = await Promise.all([ticksOfInstances(verdict, again), usersOf(verdict, again)])
  if (instanceTicks === null && heaviestUsers.length === 0) return verdict
  return again.judgeAgain({ instanceTicks, heaviestUsers })
}

/** With a single canary instance, arms and instances are the same, and nothing is read. */
async function ticksOfInstances(
  { cohorts, findings }: Verdict,
  { store, comparison, policy, instances }: Again,
): Promise<FairnessFacts['instanceTicks'] & (readonly unknown[] | null)> {
  if (cohorts.canary.instances < 2 || instances.length === 0) return null
  const shared = instances.some(({ cohort }) => cohort === 'both')
  const { instances: mostInstances, operations: mostOperations } = shared ? most.shared : most.apart
  const busiest = (cohort: InstanceLife['cohort']): InstanceLife[] =>
    instances
      .filter((one) => one.cohort === cohort)
      .sort((a, b) => b.requests - a.requests)
      .slice(0, mostInstances)
  // Failed findings come first.
  const inDoubt = findings.toSorted((a, b) => Number(b.decision === 'fail') - Number(a.decision === 'fail'))
  const operations = [...new Set(inDoubt.flatMap(({ operation }) => (operation === null ? [] : [operation])))]
  return (
    (await unlessTooSlow(() =>
      store.ticks.instances(comparison, {
        operations: operations.filter((name) => name !== '(other)').slice(0, mostOperations),
        instances: [...busiest('stable'), ...busiest('canary'), ...busiest('both')],
        warmUpSeconds: policy.warmUp,
        beforeSeconds: 0,
        fine: shared,
      }),
    )) ?? null
  )
}

// Users' requests are read from raw spans: the first findings are enough.
const mostFindings = 3
// A finding has to hold without this many of the canary's users; if it has few users, without one.
const heaviest = { most: 3, ofAtLeast: 10 }

async function usersOf({ findings }: Verdict, { store, comparison }: Again): Promise<HeaviestUsers[]> {
  const failed = findings.filter(({ decision, gate }) => decision === 'fail' && gate === 'on')
  const kinds = failed.slice(0, mostFindings).flatMap((finding) => {
    const bad = finding.operation === '(other)' ? null : badIn(finding)
    return bad === null ? [] : [{ metric: finding.metric, operation: finding.operation, ...bad }]
  })
  if (kinds.length === 0) return []
  const found = await unlessTooSlow(() => store.spans.heaviestUsers(comparison, kinds, heaviest.most))
  return kinds.flatMap(({ metric, operation }, at) => {
    const named = found?.[at]
    // A single user is not a person: it is a proxy, or everybody.
    if (!named || named.users < 2) return []
    const users = named.heaviest.slice(0, named.users >= heaviest.ofAtLeast ? heaviest.most : 1)
    return [{ metric, operation, users: users.length, ticks: users.flatMap(({ ticks }) => ticks) }]
  })
}

function badIn({
  metric,
  stable,
}: Finding): { bad: 'slow' | 'failed' | 'client-error'; slowFromSeconds: number } | null {
  switch (metric) {
    case 'latency':
      return { bad: 'slow', slowFromSeconds: stable.value ?? 0 }
    case 'errors':
      return { bad: 'failed', slowFromSeconds: 0 }
    case 'client-errors':
      return { bad: 'client-error', slowFromSeconds: 0 }
    default:
      return null
  }
}

import { earlierDay, policyAgainstDays, slicesAgainst } from '../before-after.ts'
import type { Finding } from '../finding.ts'
import { judge } from '../judge.ts'
import { count, duration, latency, percent } from '../numbers.ts'
import { plainFacts } from '../plain-facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { ServiceUsers, UsersFinding, UsersLevel, UsersOutcome } from './answers.ts'
import { fewestBlocks, type TimeEvidence, timeEvidence } from './time-evidence.ts'
import { blockMs, joinedBlocks, levelOf, type UsersBlock } from './users-block.ts'
import { matchedWindows, slicesOfBlocks } from './windows.ts'

/** Users' requests of one service around a run. */
export interface UsersAround {
  readonly service: string
  /** Whole blocks during the run. */
  readonly during: readonly UsersBlock[]
  /** Whole blocks before and after in which no run touched the service. */
  readonly without: readonly UsersBlock[]
}

/**
 * The effect of a run on the users of a service. Harm is proved by blocks of time: those during the run are worse than those without it
 * by more than the margins, with evidence that is valid at every look. That it did no harm is decided by the judge of canaries,
 * with the same margins, widened by how much the minutes without the run differ.
 *
 * @param alpha the chance of a false alarm for this service.
 * @example effectOnService({ service: 'shop', during, without }, { policy: defaultPolicy, alpha: 0.05, version: '1.0.0' })
 */
export function effectOnService(
  { service, during, without }: UsersAround,
  { policy, alpha, version }: { readonly policy: Policy; readonly alpha: number; readonly version: string },
): ServiceUsers {
  const levels = { during: levelOf(joinedBlocks(during)), without: levelOf(joinedBlocks(without)) }
  const told = {
    service,
    ...levels,
    moreErrors: moreErrors(levels.during, levels.without),
    provedAt: null,
    findings: [],
  }
  const tooFew = tooFewOf(during, without)
  if (tooFew !== undefined) return { ...told, outcome: 'inconclusive', message: tooFew }
  const evidence = timeEvidence(during, without, { policy, alpha })
  const proved = evidence.filter(({ provedMs }) => provedMs !== null)
  const verdict = judged({ service, during, without }, { policy: { ...policy, alpha }, version })
  const findings = verdict.findings.map(usersFinding).sort((a, b) => rank(a) - rank(b))
  const provedMs = proved.length === 0 ? null : Math.min(...proved.map((one) => one.provedMs!))
  const outcome: UsersOutcome = provedMs !== null ? 'hurt' : verdict.verdict === 'pass' ? 'unharmed' : 'inconclusive'
  return {
    ...told,
    outcome,
    message: messageOf(outcome, { proved, verdict, ...levels }),
    provedAt: provedMs === null ? null : new Date(provedMs).toISOString(),
    findings,
  }
}

function tooFewOf(during: readonly UsersBlock[], without: readonly UsersBlock[]): string | undefined {
  const blocks = (some: readonly UsersBlock[]): number => new Set(some.map(({ fromMs }) => fromMs)).size
  if (blocks(without) < fewestBlocks)
    return `too few minutes without a run to compare with: ${duration((blocks(without) * blockMs) / 1000)} with requests of users, ${duration((fewestBlocks * blockMs) / 1000)} are needed`
  if (blocks(during) === 0) return `no whole ${duration(blockMs / 1000)} with requests of users while it went on`
  return undefined
}

/** Judges the run like a canary that had no stable beside it. */
function judged(
  { service, during, without }: UsersAround,
  { policy, version }: { readonly policy: Policy; readonly version: string },
): Verdict {
  const times = [...new Set(during.map(({ fromMs }) => fromMs))].sort((a, b) => a - b)
  const [fromMs, toMs] = [times[0]!, times.at(-1)! + blockMs]
  const windows = matchedWindows(without, times.length)
  const earlier = windows.map((window) => {
    const laterMs = fromMs - window.fromMs
    return earlierDay(new Date(window.fromMs).toISOString(), slicesOfBlocks(window.blocks, 'stable', 0), laterMs)
  })
  const cohort = (selector: string, blocks: readonly UsersBlock[]) => ({
    selector,
    requests: blocks.reduce((sum, one) => sum + one.requests, 0),
    instances: 1,
  })
  const facts = plainFacts({
    service,
    startMs: fromMs,
    endMs: toMs,
    stable: cohort(
      'minutes=without',
      windows.flatMap(({ blocks }) => blocks),
    ),
    canary: cohort('minutes=during', during),
    earlier,
    beforeAfter: { days: earlier.map(({ date }) => date), leftOut: [] },
    version,
  })
  return judge(slicesAgainst(earlier, slicesOfBlocks(during, 'canary', 0)), policyAgainstDays(policy), facts)
}

function usersFinding({
  metric,
  operation,
  decision,
  stable,
  canary,
  unit,
  effect,
  interval,
  margin,
}: Finding): UsersFinding {
  return {
    metric,
    operation,
    decision,
    without: stable.value,
    during: canary.value,
    unit,
    effect: effect.value,
    lower: interval.lower,
    upper: interval.upper,
    margin,
  }
}

const ranks = ['fail', 'inconclusive', 'pass']

const rank = ({ decision, operation }: UsersFinding): number =>
  2 * ranks.indexOf(decision) + (operation === null ? 0 : 1)

function moreErrors(during: UsersLevel, without: UsersLevel): number | null {
  if (during.errorShare === null || without.errorShare === null) return null
  return Math.round(during.requests * Math.max(0, during.errorShare - without.errorShare))
}

function messageOf(
  outcome: UsersOutcome,
  {
    proved,
    verdict,
    during,
    without,
  }: {
    readonly proved: readonly TimeEvidence[]
    readonly verdict: Verdict
    readonly during: UsersLevel
    readonly without: UsersLevel
  },
): string {
  if (outcome === 'hurt') {
    const metrics = new Set(proved.map(({ metric }) => metric))
    const whole = proved.some(({ operation }) => operation === null)
    const named = [...new Set(proved.flatMap(({ operation }) => operation ?? []))]
    const where = whole || named.length === 0 ? '' : `, at ${named.join(', ')}`
    return `${changes(metrics, during, without).join(', ')}${where}`
  }
  if (outcome === 'unharmed') return 'within the margins'
  const failed = verdict.findings.find(({ decision }) => decision === 'fail')
  if (failed)
    return `${failed.metric} worse${failed.operation === null ? '' : ` at ${failed.operation}`}, but minutes without the run were as bad now and then`
  const [missing] = verdict.missing
  if (missing)
    return `${missing.metric}${missing.operation === null ? '' : ` at ${missing.operation}`} is neither proved worse than the margin nor within it${missing.canaryRequests === null ? '' : `; about ${count(missing.canaryRequests)} more requests of users are missing`}`
  return verdict.reasons[0]?.message ?? 'not decided'
}

function changes(metrics: ReadonlySet<string>, during: UsersLevel, without: UsersLevel): string[] {
  const told: string[] = []
  if (metrics.has('errors') && during.errorShare !== null && without.errorShare !== null)
    told.push(`errors ${percent(without.errorShare)} -> ${percent(during.errorShare)}`)
  if (metrics.has('latency'))
    for (const q of ['p50', 'p90', 'p99'] as const) {
      const [from, to] = [without[q], during[q]]
      if (from !== null && to !== null) told.push(`${q} ${latency(from)} -> ${latency(to)}`)
    }
  return told
}

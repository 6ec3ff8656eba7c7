import { type Finding, type Verdict, worstOf } from '@coalmine/comparator'
import { count, latency, number, percent } from '@coalmine/comparator/numbers'

/** The effect of a failed finding on users. */
export interface Impact {
  readonly operation: string | null
  readonly metric: string
  /** Requests per minute that fare worse than they would have on stable; 0 if unknown. */
  readonly hurtPerMinute: number
  /** Such as `GET /cart: 3.1 % of requests fail, 0.2 % on stable; about 40 requests a minute`. */
  readonly sentence: string
}

/** A failed canary's effects on users, worst first; none if it did not fail, or only fell short of a promised improvement. */
export function impactsOf(verdict: Verdict): readonly Impact[] {
  const harmful = verdict.findings.filter(
    ({ decision, gate, expect }) => decision === 'fail' && gate === 'on' && expect !== 'better' && expect !== 'same',
  )
  const worst = worstOf(harmful)
  // A finding about the whole service adds nothing if one of its operations explains it.
  const others = harmful
    .filter((finding) => finding !== worst)
    .filter(
      ({ metric, operation }) =>
        operation !== null || !harmful.some((other) => other.metric === metric && other.operation !== null),
    )
  return [...(worst ? [worst] : []), ...others].map((finding) => impactOf(finding, verdict))
}

function impactOf(finding: Finding, { service, window, reasons }: Verdict): Impact {
  const { operation, metric } = finding
  const minutes = window.seconds / 60
  const hurt = minutes > 0 ? Math.max(0, hurtIn(finding)) / minutes : 0
  // With sampling there are more requests than counted.
  const about = reasons.some(({ code }) => code === 'sampled') ? 'at least' : 'about'
  const often =
    hurt >= 0.05 ? `; ${about} ${hurt < 10 ? number(Number(hurt.toPrecision(2))) : count(hurt)} requests a minute` : ''
  return { operation, metric, hurtPerMinute: hurt, sentence: `${operation ?? service}: ${feltOf(finding)}${often}` }
}

/** The number of requests in the window that fare worse than they would have on stable. */
function hurtIn({ metric, statistic, unit, part, stable, canary, effect }: Finding): number {
  if (unit === 'share') {
    if (stable.value === null || canary.value === null) return 0
    if (statistic === 'share of traffic') return -(effect.value ?? 0) * (stable.count + canary.count)
    const more = Math.abs(canary.value - stable.value)
    return metric === 'latency' ? 0 : more * canary.count
  }
  return unit === 'seconds' ? canary.count * shareOf(part) : 0
}

/** The share of requests in a part; if the typical request is slower, at least half of them are. */
function shareOf(part: Finding['part']): number {
  const [, tail] = /(\d+) %/.exec(part) ?? []
  return tail === undefined ? 0.5 : Number(tail) / 100
}

function feltOf(finding: Finding): string {
  const { metric, statistic, unit, part, stable, canary, effect } = finding
  if (stable.value === null || canary.value === null) return `${metric} is worse than on stable`
  if (statistic === 'share of traffic') {
    const expected = canary.value - (effect.value ?? 0)
    return `${percent(canary.value)} of requests reach the canary, where ${percent(expected)} should`
  }
  if (unit === 'share') {
    const values = (verb: string): string =>
      `${percent(canary.value!)} of requests ${verb}, ${percent(stable.value!)} on stable`
    if (statistic === 'share of calls')
      return `${percent(canary.value)} of calls are not answered, ${percent(stable.value)} on stable`
    if (metric === 'errors') return values('fail')
    if (metric === 'client-errors') return values('get a client error')
    if (metric === 'inner-errors') return values('hide an error')
    return `${metric}: ${percent(canary.value)} of requests, ${percent(stable.value)} on stable`
  }
  const show = unit === 'seconds' ? latency : number
  const values = `${show(canary.value)}, ${show(stable.value)} on stable`
  if (unit === 'seconds')
    return part === 'typical'
      ? `the typical request takes ${values}`
      : `the ${part} of requests take at least ${values}`
  return `${metric} is ${values}`
}

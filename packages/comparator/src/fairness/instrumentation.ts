import type { ClockTick, Facts, SampleFacts, SamplingShare } from '../facts.ts'
import { count, duration, percent } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import { tickMs } from '../tick.ts'

/** With fewer requests in the sample, nothing is reported about how they were measured. */
const fewest = 50
/** A share of requests that differs by this much is not chance, even in such a small sample. */
const different = 0.2
/** So few failed requests, or others, show nothing about how they were sampled. */
const fewestOfPart = 25
/** A clock is off where requests start before their calls, beyond what timers do, or seconds after them. */
const earlyMs = 10
const lateMs = 5000

/** Reasons if the arms were not measured in the same way, from a sample of raw spans. */
export function instrumentationReasons({ fairness }: Facts, { randomised }: Policy): Reason[] {
  const sample = fairness?.sample
  if (!fairness || !sample) return []
  const enough = sample.stable.requests >= fewest && sample.canary.requests >= fewest
  return [
    ...(enough
      ? [
          ...samplingDiffers(sample),
          ...instrumentationDiffers(sample),
          ...(randomised ? [] : notRandomised(sample)),
          ...tailSampled(sample),
        ]
      : []),
    ...clockSkew(fairness.aheadMs, sample),
  ]
}

/**
 * Clocks of the two cohorts that differ by a tick or more according to the callers' spans, at the end of the window or earlier: what
 * one cohort did is then compared with what the other did at another time, and neither FAIL nor PASS means anything.
 */
export function clocksInvalid({ fairness, window }: Pick<Facts, 'fairness' | 'window'>): Reason[] {
  const { sample } = fairness ?? {}
  if (!sample) return []
  const last: ClockTick = { tick: 0, stableMs: sample.stable.skewMs, canaryMs: sample.canary.skewMs }
  const clocks = sample.clocks && sample.clocks.length > 0 ? sample.clocks : [last]
  const off = clocks.filter((clock) => Math.abs(aheadOf(clock) ?? 0) >= tickMs)
  const worst = off.at(-1)
  if (!worst) return []
  const ahead = aheadOf(worst)!
  const [arm, by] = Math.abs(worst.canaryMs!) > Math.abs(worst.stableMs!) ? ['canary', ahead] : ['stable', -ahead]
  const known = clocks.filter((clock) => aheadOf(clock) !== null)
  const right = known.slice(known.indexOf(worst) + 1)[0]
  const how = `${duration(Math.abs(by) / 1000)} ${by > 0 ? 'ahead' : 'behind'}`
  const means = 'Stable and canary are compared within the same five seconds, which a wrong clock makes meaningless.'
  const message = right
    ? `The clock of ${arm} was ${how} at ${clockOf(worst.tick)}, according to its callers' spans, and has been right since ${clockOf(right.tick)} at the latest. ${means} Judge only what came after: --start ${isoOf(right.tick)}.`
    : `The clock of ${arm} is ${how}, according to its callers' spans. ${means} Set the clock right.`
  return [{ code: 'clock-skew', weight: 'decides', message }]

  function clockOf(tick: number): string {
    return isoOf(tick).slice(window.start.slice(0, 10) === isoOf(tick).slice(0, 10) ? 11 : 0, 19)
  }
}

const isoOf = (tick: number): string => new Date(tick).toISOString().replace('.000', '')

/** How far the canary's clock is ahead of stable's, in milliseconds; null if unknown. */
function aheadOf({ stableMs, canaryMs }: ClockTick): number | null {
  return stableMs === null || canaryMs === null ? null : canaryMs - stableMs
}

interface Sample {
  readonly stable: SampleFacts
  readonly canary: SampleFacts
}

/** A rule that keeps failures more often keeps more of the arm that fails more: failed requests and others are compared apart. */
function samplingDiffers({ stable, canary }: Sample): Reason[] {
  const differs = [
    (one: SamplingShare): number => one.errors,
    (one: SamplingShare): number => one.requests - one.errors,
  ].some((part) => samplingDiffersIn(stable.sampling, canary.sampling, part))
  if (!differs) return []
  return [
    {
      code: 'sampling-differs',
      weight: 'blocks',
      message: `The cohorts are sampled differently (stable: ${samplingText(stable)}; canary: ${samplingText(canary)}): what was kept of each cannot be compared. Give both the same sampler.`,
    },
  ]
}

function samplingDiffersIn(
  stable: readonly SamplingShare[],
  canary: readonly SamplingShare[],
  part: (one: SamplingShare) => number,
): boolean {
  const sum = (sampling: readonly SamplingShare[]): number => sampling.reduce((all, one) => all + part(one), 0)
  const [ofStable, ofCanary] = [sum(stable), sum(canary)]
  if (Math.min(ofStable, ofCanary) < fewestOfPart) return false
  const share = (sampling: readonly SamplingShare[], probability: number | null, all: number): number =>
    sum(sampling.filter((one) => one.probability === probability)) / all
  const probabilities = new Set([...stable, ...canary].map((one) => one.probability))
  return [...probabilities].some(
    (one) => Math.abs(share(stable, one, ofStable) - share(canary, one, ofCanary)) > different,
  )
}

function samplingText({ sampling, requests }: SampleFacts): string {
  return [...sampling]
    .sort((a, b) => b.requests - a.requests)
    .slice(0, 2)
    .map((one) => {
      const share = one.requests / requests
      const kept = one.probability === null ? 'not said' : `${percent(one.probability)} kept`
      return share > 0.99 ? kept : `${kept} of ${percent(share)}`
    })
    .join(', ')
}

function instrumentationDiffers({ stable, canary }: Sample): Reason[] {
  const perRequest = ({ children, requests }: SampleFacts): number => children / requests
  const [bare, other] = perRequest(stable) < perRequest(canary) ? ['stable', 'canary'] : ['canary', 'stable']
  const reasons: string[] = []
  if (Math.min(stable.children, canary.children) === 0 && Math.max(perRequest(stable), perRequest(canary)) >= 0.5)
    reasons.push(`${bare} has no spans below its requests, and ${other} does`)
  if (stable.scope !== canary.scope)
    reasons.push(
      `the spans of requests are made by ${canary.scope || 'an unnamed library'} in canary and by ${stable.scope || 'an unnamed library'} in stable`,
    )
  if (reasons.length === 0) return []
  return [
    {
      code: 'instrumentation-differs',
      weight: 'blocks',
      message: `The cohorts are instrumented differently: ${reasons.join('; ')}. So they are not measured at the same point. Register the same instrumentations in both.`,
    },
  ]
}

function notRandomised({ stable, canary }: Sample): Reason[] {
  const share = Math.max(stable.targeted / stable.requests, canary.targeted / canary.requests)
  if (share <= 0.01) return []
  return [
    {
      code: 'not-randomised',
      weight: 'blocks',
      message: `A targeting rule set the flag for ${percent(share)} of a cohort's requests, so its users were chosen, not drawn at random, and may differ in more than the flag. Compare under a percentage rollout. If the rule contains one, write randomised: true in coalmine.yaml.`,
    },
  ]
}

/** Whether errors are sampled more often than the rest: the shares are then those of the sampled requests. */
function tailSampled(sample: Sample): Reason[] {
  const kept = (['stable', 'canary'] as const).some((arm) => {
    const known = sample[arm].sampling.filter((one) => one.probability !== null)
    const errors = meanProbability(known, (one) => one.errors)
    const others = meanProbability(known, (one) => one.requests - one.errors)
    return errors !== null && others !== null && errors > 1.5 * others
  })
  if (!kept) return []
  return [
    {
      code: 'tail-sampled',
      weight: 'note',
      message:
        'Failed requests are kept more often than others, according to their trace state, so the error rates shown are too high. Comparing them still holds as long as both cohorts are sampled by the same rule.',
    },
  ]
}

function meanProbability(sampling: readonly SamplingShare[], weight: (one: SamplingShare) => number): number | null {
  const all = sampling.reduce((sum, one) => sum + weight(one), 0)
  return all < 10 ? null : sampling.reduce((sum, one) => sum + weight(one) * one.probability!, 0) / all
}

function clockSkew(aheadMs: number, sample: Sample): Reason[] {
  const skewed = (['stable', 'canary'] as const).flatMap((arm) => {
    const { skewMs } = sample[arm]
    if (skewMs === null || (skewMs >= -earlyMs && skewMs <= lateMs)) return []
    return [
      `${arm}'s requests start ${time(Math.abs(skewMs))} ${skewMs < 0 ? 'before' : 'after'} the calls that made them`,
    ]
  })
  if (aheadMs > lateMs) skewed.push(`the last span starts ${time(aheadMs)} in the future`)
  if (skewed.length === 0) return []
  return [
    {
      code: 'clock-skew',
      weight: 'note',
      message: `Clocks differ: ${skewed.join(', and ')}. Cohorts are compared within the same five seconds: set the clocks right.`,
    },
  ]
}

function time(ms: number): string {
  return ms < 2000 ? `${count(ms)} ms` : duration(ms / 1000)
}

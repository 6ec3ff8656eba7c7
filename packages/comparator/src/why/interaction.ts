import { holm } from '@coalmine/stats'
import type { Decision, Finding, FindingSide } from '../finding.ts'
import { pValueOf, shareOfNeeded } from '../verdict/evidence.ts'
import { changePhrase } from '../verdict/wording.ts'

/** What carries a regression: the canary whatever the flag, the flag whatever the cohort, either, or only both together. */
export type Carries = 'canary' | 'flag' | 'both' | 'combination' | 'not-settled' | 'not-separable'

/** A part of the comparison, judged by the metric that is to be explained. */
export interface Contrast {
  readonly stable: string
  readonly canary: string
  /** Null where the two share no traffic. */
  readonly finding: Finding | null
}

/** A flag that both cohorts met in both variants, and the parts of the comparison that tell its effect from the canary's. */
export interface FlagContrasts {
  readonly flag: string
  /** The variant that stable had more of, then the one that the canary had more of. */
  readonly variants: readonly [string, string]
  /** The canary against stable, among requests with the first variant, and with the second. */
  readonly atFirst: Contrast
  readonly atSecond: Contrast
  /** The second variant against the first, within stable and within the canary. */
  readonly inStable: Contrast
  readonly inCanary: Contrast
  /** The first against the second. */
  readonly inStableReversed: Contrast
  readonly inCanaryReversed: Contrast
}

/** A part of the comparison as the verdict tells it. `fail`: worse than the margin; `pass`: within it. */
export interface SubComparison {
  readonly stable: string
  readonly canary: string
  readonly decision: Decision
  readonly sides: { readonly stable: FindingSide; readonly canary: FindingSide } | null
  readonly effect: Finding['effect'] | null
  readonly interval: Finding['interval'] | null
  readonly evidence: Finding['evidence'] | null
}

/** Whether the canary carries a finding, or a flag, or only the two together. */
export interface Interaction {
  readonly flag: string
  readonly variants: readonly [string, string]
  /** The finding that is explained. */
  readonly metric: string
  readonly operation: string | null
  readonly carries: Carries
  readonly comparisons: readonly SubComparison[]
  readonly message: string
}

const parts = ['atFirst', 'atSecond', 'inStable', 'inCanary', 'inStableReversed', 'inCanaryReversed'] as const
type Part = (typeof parts)[number]
type Parts<T> = Readonly<Record<Part, T>>

/**
 * What carries a finding, for each flag that both cohorts met in both variants.
 *
 * The parts of all flags are one family: Holm's step-down keeps the chance of calling any of them worse that is not at
 * `alpha`, and a part is within its margin only as PASS would have it, so neither is said of what is merely not known.
 * Only the combination is to blame where the canary is worse with one variant and within its margin with the other, and
 * that variant is worse in the canary and within the margin in stable.
 *
 * @param flags their contrasts, each judged with the finding's metric in the finding's scope.
 * @example interactionsOf([contrasts], finding, 0.05)[0].carries // 'flag'
 */
export function interactionsOf(
  flags: readonly FlagContrasts[],
  { metric, operation }: Pick<Finding, 'metric' | 'operation'>,
  alpha: number,
): Interaction[] {
  const all = flags.flatMap((one) => parts.map((part) => one[part].finding))
  const worse = holm(
    all.map((finding) => (finding ? pValueOf(finding.evidence.worse) : 1)),
    { alpha, weights: all.map(() => 1) },
  )
  return flags.map((one, at) => {
    const decisions = Object.fromEntries(
      parts.map((part, i) => [part, decisionOf(one[part].finding, worse[at * parts.length + i]!.rejected)]),
    ) as Record<Part, Decision>
    const carries = carriedBy(decisions)
    return {
      flag: one.flag,
      variants: one.variants,
      metric,
      operation,
      carries: carries.by,
      comparisons: parts.map((part) => subComparison(one[part], decisions[part])),
      message: sentence(one, carries, decisions, operation),
    }
  })
}

/**
 * A flag that each cohort met in one variant of its own, so that it cannot be told from the canary.
 *
 * @example notSeparable('price', ['off', 'on'], 'service.version=2', finding).carries // 'not-separable'
 */
export function notSeparable(
  flag: string,
  variants: readonly [string, string],
  canary: string,
  { metric, operation }: Pick<Finding, 'metric' | 'operation'>,
): Interaction {
  const [first, second] = variants
  const message = `Whether it is ${canary} or ${flag}=${second} cannot be told: the canary has it, stable has not. Give part of the canary ${flag}=${first}.`
  return { flag, variants, metric, operation, carries: 'not-separable', comparisons: [], message }
}

/** `variant` is the one that makes the combination, by its place. */
type Carried =
  | { readonly by: Exclude<Carries, 'combination' | 'not-separable'> }
  | { readonly by: 'combination'; readonly variant: 0 | 1 }

/** From what was decided of each part to what carries the whole. */
export function carriedBy(decided: Parts<Decision>): Carried {
  const worse = (part: Part): boolean => decided[part] === 'fail'
  const within = (part: Part): boolean => decided[part] === 'pass'
  const canary = worse('atFirst') && worse('atSecond')
  const flag = worse('inStable') && worse('inCanary')
  if (flag && (worse('atFirst') || worse('atSecond'))) return { by: 'both' }
  if (canary) return { by: 'canary' }
  if (flag) return { by: 'flag' }
  if (worse('atSecond') && within('atFirst') && worse('inCanary') && within('inStable'))
    return { by: 'combination', variant: 1 }
  if (worse('atFirst') && within('atSecond') && worse('inCanaryReversed') && within('inStableReversed'))
    return { by: 'combination', variant: 0 }
  return { by: 'not-settled' }
}

function decisionOf(finding: Finding | null, worse: boolean): Decision {
  if (worse) return 'fail'
  const { within } = finding?.evidence ?? { within: [] }
  return within.length > 0 && within.every((part) => shareOfNeeded(part) >= 1) ? 'pass' : 'inconclusive'
}

function subComparison({ stable, canary, finding }: Contrast, decision: Decision): SubComparison {
  if (!finding) return { stable, canary, decision, sides: null, effect: null, interval: null, evidence: null }
  const { effect, interval, evidence } = finding
  return {
    stable,
    canary,
    decision,
    sides: { stable: finding.stable, canary: finding.canary },
    effect,
    interval,
    evidence,
  }
}

function sentence(one: FlagContrasts, carried: Carried, decided: Parts<Decision>, operation: string | null): string {
  const { flag, variants } = one
  const [first, second] = variants.map((variant) => `${flag}=${variant}`) as [string, string]
  const where = operation ?? 'the whole service'
  const change = (part: Part): string => changePhrase(one[part].finding!)
  switch (carried.by) {
    case 'canary':
      return `The canary carries it on ${where}, whatever ${flag} is: with ${second} ${change('atSecond')}, with ${first} ${change('atFirst')}.`
    case 'flag':
      return `Flag ${flag} carries it on ${where}, in both cohorts: ${second} against ${first} is ${change('inCanary')} in the canary, ${change('inStable')} in stable.`
    case 'both':
      return `Flag ${flag} and the canary each carry a part of it on ${where}: ${second} against ${first} is ${change('inStable')} in stable, and the canary is worse besides.`
    case 'combination': {
      const [at, together] = carried.variant === 1 ? (['atSecond', second] as const) : (['atFirst', first] as const)
      return `Only the canary together with ${together} carries it on ${where}: ${change(at)}; either alone is within the margin.`
    }
    case 'not-settled': {
      const known = [
        ...(decided.atSecond === 'fail' ? [`with ${second} the canary is worse`] : []),
        ...(decided.atFirst === 'fail' ? [`with ${first} the canary is worse`] : []),
        ...(decided.inStable === 'fail' ? [`in stable ${second} is worse than ${first}`] : []),
        ...(decided.inCanary === 'fail' ? [`in the canary ${second} is worse than ${first}`] : []),
        ...(decided.inCanaryReversed === 'fail' ? [`in the canary ${first} is worse than ${second}`] : []),
      ]
      const proved = known.length > 0 ? ` Proved so far: ${known.join(', ')}.` : ''
      return `Whether flag ${flag} has a part in it on ${where} is not settled.${proved}`
    }
  }
}

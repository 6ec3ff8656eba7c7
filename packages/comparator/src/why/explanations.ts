import { eBenjaminiHochberg, oddsRatioProcess } from '@coalmine/stats'
import { percent } from '../numbers.ts'

/** What counts as a bad request for the failed metric. */
export type Bad = 'slow' | 'failed' | 'client-error'

/** Requests, and how many of them were bad. */
export interface BadCount {
  readonly n: number
  readonly bad: number
}

/** Requests of one cohort by block, in chronological order; block numbers are the same for all counts. */
export type BadBlocks = ReadonlyMap<number, BadCount>

/** Requests that have an attribute with a value, such as `checkout.items=many`. */
export interface AttributeCounts {
  readonly attribute: string
  readonly stable: BadBlocks
  readonly canary: BadBlocks
}

/** An attribute that explains part of what is worse in the canary. */
export interface Explanation {
  readonly attribute: string
  /** Other attributes of the same requests. */
  readonly alike: readonly string[]
  /** The share (0 to 1) of the bad requests beyond stable's that is due to requests with it being worse than the others. */
  readonly explained: number
  readonly canary: { readonly with: BadCount; readonly without: BadCount }
  readonly stable: { readonly with: BadCount; readonly without: BadCount }
  /** Evidence that bad requests are likelier with it than without, more so in the canary than in stable. */
  readonly logE: number
  readonly message: string
}

const leastExplained = 0.1
const mostExplanations = 10

/**
 * The attributes that explain what is worse in the canary, those that explain the most first.
 *
 * For each, within the canary and each block of time, the bad requests that have it are hypergeometric given the totals, if it
 * makes no difference beyond the one that it makes in stable (the odds ratio of stable's totals, one half added to each count,
 * is taken as known). Of the e-values of all attributes e-BH reports so that at most a share `alpha` of what is reported is wrong.
 * The part explained is an attributable fraction: what requests with it have beyond stable's share of bad ones and beyond what
 * the others have, of all that the canary has beyond stable.
 *
 * @param attributes every attribute that was examined, relevant or not.
 * @param all all of these requests together.
 * @example explanationsOf([many, few], all, 'slow', 0.05)[0].message
 * // 'checkout.items=many explains 80 % of it: 62 % of its 340 requests are slow, 5 % of the other 800 (stable: 6 % and 5 %).'
 */
export function explanationsOf(
  attributes: readonly AttributeCounts[],
  all: Omit<AttributeCounts, 'attribute'>,
  bad: Bad,
  alpha: number,
): Explanation[] {
  const tested = attributes.map((one) => {
    const canary = { with: totalOf(one.canary), without: lessOf(totalOf(all.canary), totalOf(one.canary)) }
    const stable = { with: totalOf(one.stable), without: lessOf(totalOf(all.stable), totalOf(one.stable)) }
    const logE = evidenceOf(one.canary, all.canary, Math.max(1, oddsRatioOf(stable)))
    return { attribute: one.attribute, canary, stable, logE, explained: explainedBy(canary, stable) }
  })
  const reported = eBenjaminiHochberg(
    tested.map(({ logE }) => logE),
    alpha,
  )
  const found: Explanation[] = []
  const ranked = tested
    .filter(({ explained }, at) => reported[at] && explained >= leastExplained)
    .sort((a, b) => b.explained - a.explained || (a.attribute < b.attribute ? -1 : 1))
  for (const one of ranked) {
    const same = found.findIndex(({ canary }) => isSame(canary.with, one.canary.with))
    if (same < 0) found.push({ ...one, alike: [], message: sentence(one, bad) })
    else found[same] = { ...found[same]!, alike: [...found[same]!.alike, one.attribute] }
  }
  return found.slice(0, mostExplanations)
}

function evidenceOf(some: BadBlocks, all: BadBlocks, oddsRatio: number): number {
  const process = oddsRatioProcess({ alternative: 'greater', oddsRatio })
  for (const block of [...all.keys()].sort((a, b) => a - b)) {
    const have = some.get(block) ?? nothing
    const others = lessOf(all.get(block)!, have)
    process.add({ stable: { n: others.n, events: others.bad }, canary: { n: have.n, events: have.bad } })
  }
  return process.logE
}

// Haldane 1956, Anscombe 1956: one half added to each count, so that none is zero.
function oddsRatioOf(one: Explanation['stable']): number {
  const odds = ({ n, bad }: BadCount): number => (bad + 0.5) / (n - bad + 0.5)
  return odds(one.with) / odds(one.without)
}

function explainedBy(canary: Explanation['canary'], stable: Explanation['stable']): number {
  const usual = shareOf({ n: stable.with.n + stable.without.n, bad: stable.with.bad + stable.without.bad })
  const expected = (count: BadCount): number => (count.n > 0 ? shareOf(count) : usual)
  const beyond = (arm: 'with' | 'without'): number => canary[arm].bad - canary[arm].n * expected(stable[arm])
  const all = beyond('with') + beyond('without')
  if (all <= 0 || canary.without.n === 0) return 0
  const asOthers = (canary.with.n * Math.max(0, beyond('without'))) / canary.without.n
  return Math.min(1, Math.max(0, (beyond('with') - asOthers) / all))
}

function sentence({ attribute, explained, canary, stable }: Omit<Explanation, 'alike' | 'message'>, bad: Bad): string {
  const share = (count: BadCount): string => (count.n === 0 ? 'none' : percent(shareOf(count), 2))
  return `${attribute} explains ${percent(explained, 2)} of it: ${share(canary.with)} of its ${canary.with.n} requests ${were[bad]}, ${share(canary.without)} of the other ${canary.without.n} (stable: ${share(stable.with)} and ${share(stable.without)}).`
}

const were: Record<Bad, string> = {
  slow: 'are slow',
  failed: 'failed',
  'client-error': 'were answered with a client error',
}

const nothing: BadCount = { n: 0, bad: 0 }

const totalOf = (blocks: BadBlocks): BadCount =>
  [...blocks.values()].reduce((sum, { n, bad }) => ({ n: sum.n + n, bad: sum.bad + bad }), nothing)

const lessOf = (all: BadCount, some: BadCount): BadCount => ({ n: all.n - some.n, bad: all.bad - some.bad })

const shareOf = ({ n, bad }: BadCount): number => bad / n

const isSame = (a: BadCount, b: BadCount): boolean => a.n === b.n && a.bad === b.bad

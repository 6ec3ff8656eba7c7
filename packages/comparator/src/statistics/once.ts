import {
  type Alternative,
  type Counts,
  cochranMantelHaenszel,
  conditionalBinomial,
  type Distributions,
  dispersionOf,
  type EProcess,
  fisherExact,
  type Interval,
  moveHistogram,
  oddsRatioOnce,
  type Rates,
  riskDifferenceOnce,
  riskDifferenceTest,
  scaleIntervalOnce,
  type TestResult,
  tailTest,
  vanElteren,
} from '@coalmine/stats'
import type { Ranked, Statistics } from './statistics.ts'

/** With fewer events than this, or fewer requests without one, a normal approximation does not hold. */
const few = 10

/**
 * Tests that hold for one look, at the end of the window: more of them answer than of those that hold at every look.
 * Where several may speak their p-values are corrected by their number (Bonferroni).
 */
export const once: Statistics = {
  kind: 'p-value',
  ranked: ({ stable, canary }, limit) => ({ stable: moveHistogram(stable, limit), canary }),
  rank: (alternative) => atTheEnd<Ranked>((blocks) => vanElteren(blocks.map(values), { alternative })),
  tail: (alternative, share) => atTheEnd<Ranked>((blocks) => tailTest(blocks.map(values), { alternative, share })),
  odds: (alternative, oddsRatio) => atTheEnd((blocks) => oddsTest(blocks, alternative, oddsRatio)),
  difference: (alternative, difference) =>
    atTheEnd((blocks) => riskDifferenceTest(blocks, { alternative, difference })),
  share: (alternative, share) => atTheEnd((blocks) => conditionalBinomial(total(blocks), { alternative, share })),
  shareOfBatches: (alternative, share) =>
    atTheEnd((blocks) => conditionalBinomial(withoutDispersion(blocks, share), { alternative, share })),
  any(parts, weights = parts.map(() => 1)) {
    const total = sum(weights, (weight) => weight)
    return joined(parts, (logs) => Math.max(...logs.map((log, at) => log + Math.log(weights[at]! / total))))
  },
  all: (parts) => joined(parts, (logs) => Math.min(...logs)),
  valuesStand: (process) => process,
  ratesStand: (process) => process,
  // The highest that it stood at while it was fed would be the best of several looks.
  whileStanding: (process) => process,
  runStanding: (process, _, blocks) => ({ worse: once.run(process, blocks) }),
  run(process, blocks) {
    const middle = blocks[Math.floor(blocks.length / 2) - 1]
    const early = middle ? blocks.filter(({ tick }) => tick <= middle.tick) : []
    process.add(...early)
    const halfway = middle ? { tick: middle.tick, logE: process.logE } : null
    process.add(...blocks.slice(early.length))
    const { logE, maxLogE } = process
    const last = blocks.at(-1)
    return { logE, maxLogE, rises: last && maxLogE > 0 ? [{ tick: last.tick, maxLogE }] : [], halfway }
  },
  scaleInterval: (blocks, { alpha, part }) => (part === 'rank' ? scaleIntervalOnce(blocks, { alpha }) : open),
  oddsRatioInterval: (blocks, options) => oddsRatioOnce(blocks, options)?.interval ?? open,
  riskDifferenceInterval: (blocks, options) => riskDifferenceOnce(blocks, options)?.interval ?? open,
  shareInterval(blocks, { alpha }) {
    const { stable, canary } = total(blocks)
    // Counts from which batches were taken out need not be whole.
    const whole = { stable: Math.round(stable), canary: Math.round(canary) }
    const tested = conditionalBinomial(whole, { alternative: 'different', share: 0.5, alpha })
    return tested.kind === 'tested' ? tested.interval : open
  },
}

const open: Interval = { lower: null, upper: null }

/** A test that is made when it is asked; what cannot be tested is no evidence. */
function atTheEnd<Block>(test: (blocks: readonly Block[]) => TestResult<unknown>): EProcess<Block> {
  const blocks: Block[] = []
  return lazily(
    (strata) => void blocks.push(...strata),
    () => {
      const result = test(blocks)
      return result.kind === 'tested' ? -Math.log(result.p) : 0
    },
  )
}

function joined<Block>(parts: readonly EProcess<Block>[], join: (logs: readonly number[]) => number): EProcess<Block> {
  return lazily(
    (strata) => {
      for (const part of parts) part.add(...strata)
    },
    () => join(parts.map(({ logE }) => logE)),
  )
}

/** Evidence that is worked out when it is asked for, and not again until more blocks came. */
function lazily<Block>(take: (strata: readonly Block[]) => void, evidence: () => number): EProcess<Block> {
  let known: number | undefined
  const logE = (): number => {
    known ??= evidence()
    return known
  }
  return {
    add(...strata) {
      known = undefined
      take(strata)
    },
    get logE() {
      return logE()
    },
    get maxLogE() {
      return Math.max(0, logE())
    },
  }
}

function oddsTest(blocks: readonly Rates[], alternative: Alternative, oddsRatio: number): TestResult<unknown> {
  const events = sum(blocks, (block) => block.stable.events + block.canary.events)
  const others = sum(blocks, (block) => block.stable.n + block.canary.n) - events
  return Math.min(events, others) < few
    ? fisherExact(blocks, { alternative, oddsRatio })
    : cochranMantelHaenszel(blocks, { alternative, oddsRatio })
}

function total(blocks: readonly Counts[]): Counts {
  return { stable: sum(blocks, ({ stable }) => stable), canary: sum(blocks, ({ canary }) => canary) }
}

/** As many counts as there would be if none came in batches. */
function withoutDispersion(blocks: readonly Counts[], share: number): Counts {
  const dispersion = dispersionOf(blocks, share)
  const { stable, canary } = total(blocks)
  return { stable: Math.round(stable / dispersion), canary: Math.round(canary / dispersion) }
}

function sum<Block>(blocks: readonly Block[], of: (block: Block) => number): number {
  return blocks.reduce((all, block) => all + of(block), 0)
}

function values(block: Ranked): Distributions {
  if ('wins' in block) throw new TypeError('blocks: expected values, got their ranks')
  return block
}

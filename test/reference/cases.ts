import { type Random, randomOf } from '@coalmine/stats'
// Inputs on which the engine's numbers were written down once (numbers.json): whatever is done for speed must give them again.
// node test/reference/cases.ts > test/reference/numbers.json writes them anew, and a reviewer reads why.
import { histogramOf } from '../../packages/stats/src/histogram.ts'
import {
  type Alternative,
  type EProcess,
  matchedQuantiles,
  oddsRatioInterval,
  oddsRatioProcess,
  type Rates,
  rankProcess,
  riskDifferenceInterval,
  riskDifferenceProcess,
  scaleInterval,
  shareInterval,
  shareProcess,
  type TailShare,
  tailProcess,
} from '../../packages/stats/src/index.ts'
import { eventsOf, lognormal, scaled, sourceOf } from '../calibration/generate.ts'

interface Blocks<Arm> {
  readonly name: string
  readonly blocks: readonly { readonly stable: Arm; readonly canary: Arm }[]
}

const typical = lognormal({ median: 0.1, sigma: 0.6 })
const alternatives: readonly Alternative[] = ['greater', 'less']

/** Every number, by what it is of. */
export function numbers(): Record<string, readonly (number | null)[]> {
  const found: Record<string, readonly (number | null)[]> = {}
  for (const { name, blocks } of distributions()) {
    for (const alternative of alternatives) {
      found[`rank ${alternative}, ${name}`] = followed(rankProcess({ alternative }), blocks)
      for (const share of [0.1, 0.05, 0.01] as const) {
        found[`top ${share} ${alternative}, ${name}`] = followed(tailProcess({ alternative, share }), blocks)
      }
    }
    for (const part of ['rank', 0.1, 0.05, 0.01] as const satisfies readonly ('rank' | TailShare)[]) {
      const { lower, upper } = scaleInterval(blocks, { alpha: 0.02, part })
      found[`scale by ${part}, ${name}`] = [lower, upper]
    }
    const matched = matchedQuantiles(blocks, 0.9)
    found[`matched p90, ${name}`] = [matched?.stable ?? null, matched?.canary ?? null]
  }
  for (const { name, blocks } of rates()) {
    for (const alternative of alternatives) {
      for (const oddsRatio of [1, 1.5]) {
        found[`odds ${oddsRatio} ${alternative}, ${name}`] = followed(
          oddsRatioProcess({ alternative, oddsRatio }),
          blocks,
        )
      }
      for (const difference of [0, 0.001]) {
        found[`difference ${difference} ${alternative}, ${name}`] = followed(
          riskDifferenceProcess({ alternative, difference }),
          blocks,
        )
      }
      const counts = blocks.map(({ stable, canary }) => ({ stable: stable.n, canary: canary.n }))
      found[`share ${alternative}, ${name}`] = followed(
        shareProcess({ alternative, share: 0.1, concentration: 1000 }),
        counts,
      )
    }
    const counts = blocks.map(({ stable, canary }) => ({ stable: stable.n, canary: canary.n }))
    for (const [what, { lower, upper }] of [
      ['odds', oddsRatioInterval(blocks, { alpha: 0.02 })],
      ['difference', riskDifferenceInterval(blocks, { alpha: 0.02 })],
      ['share', shareInterval(counts, { alpha: 0.02, concentration: 1000 })],
    ] as const) {
      found[`interval of ${what}, ${name}`] = [lower, upper]
    }
  }
  return found
}

function distributions(): Blocks<ReturnType<typeof histogramOf>>[] {
  const drawn = (name: string, seed: number, n: number, m: number, factor: number, ticks = 60) => {
    const draw = randomOf(seed)
    const stable = sourceOf(typical)
    const canary = sourceOf(scaled(typical, factor))
    const size = (mean: number): number => Math.round(mean * (0.5 + draw()))
    const blocks = Array.from({ length: ticks }, () => ({
      stable: stable(size(n), draw),
      canary: canary(size(m), draw),
    }))
    return { name, blocks }
  }
  const draw = randomOf(9)
  const values = (n: number, most: number): number[] => Array.from({ length: n }, () => Math.floor(most * draw() ** 2))
  const tied = Array.from({ length: 40 }, (_, at) => ({
    stable: histogramOf(values(at % 7 === 0 ? 0 : 60, 6)),
    canary: histogramOf(values(at % 11 === 0 ? 0 : 15, 7), at % 5 === 0 ? 3 : 5),
  }))
  return [
    drawn('equal', 1, 450, 50, 1),
    drawn('a quarter slower', 2, 450, 50, 1.25),
    drawn('a tenth faster, as many', 3, 90, 90, 0.9),
    drawn('three times slower, large', 4, 20_000, 3000, 3, 10),
    drawn('few', 5, 30, 2, 1.5, 200),
    { name: 'ties, zeros, empty arms and two scales', blocks: tied },
  ]
}

function rates(): Blocks<Rates['stable']>[] {
  const drawn = (name: string, seed: number, n: number, m: number, p: number, q: number, ticks = 60) => {
    const draw: Random = randomOf(seed)
    const size = (mean: number): number => Math.round(mean * (0.5 + draw()))
    const blocks = Array.from({ length: ticks }, () => {
      const [ofStable, ofCanary] = [size(n), size(m)]
      return {
        stable: { n: ofStable, events: eventsOf(ofStable, p, draw) },
        canary: { n: ofCanary, events: eventsOf(ofCanary, q, draw) },
      }
    })
    return { name, blocks }
  }
  const edges = [
    [0, 0, 10, 3],
    [10, 3, 0, 0],
    [10, 0, 10, 10],
    [10, 10, 10, 10],
    [1, 1, 1, 0],
    [5, 0, 500, 20],
    [100_000, 900, 100, 4],
    [10, 10, 10, 0],
  ].map(([n, events, m, more]) => ({ stable: { n: n!, events: events! }, canary: { n: m!, events: more! } }))
  return [
    drawn('1 % and 1 %', 1, 450, 50, 0.01, 0.01),
    drawn('0.05 % and 0.3 %', 2, 450, 50, 0.0005, 0.003, 400),
    drawn('no event', 3, 450, 50, 0, 0, 300),
    drawn('5 % and 4 %, as many', 4, 90, 90, 0.05, 0.04),
    drawn('30 % and 40 %', 5, 450, 50, 0.3, 0.4),
    drawn('2 % and 3 %, large', 6, 20_000, 3000, 0.02, 0.03, 10),
    drawn('nearly nothing but events', 7, 40, 40, 0.97, 0.9),
    { name: 'edges', blocks: edges },
  ]
}

function followed<Block>(process: EProcess<Block>, blocks: readonly Block[]): number[] {
  const logs = blocks.map((block) => {
    process.add(block)
    return process.logE
  })
  return [...logs.filter((_, at) => at % Math.ceil(logs.length / 5) === 0), logs.at(-1)!, process.maxLogE]
}

if (import.meta.main) console.log(JSON.stringify(numbers()))

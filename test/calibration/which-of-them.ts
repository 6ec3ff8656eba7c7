// Which of them it was: build and flag, four truths, named after every tick from the FAIL on until twice its time.
import {
  type Carries,
  defaultPolicy,
  type FlagTraffic,
  type Interaction,
  interactionsOf,
  judge,
  type Side,
  type Slice,
  tickMs,
} from '@coalmine/comparator'
import { type Random, randomOf } from '@coalmine/stats'
import { arrivals, eventsOf, lognormal, type Source, scaled, sourceOf } from './generate.ts'
import { factsOf, type Result } from './simulate.ts'

/** What makes requests worse, and by how many steps: with neither, the flag alone, the build alone, both. */
export const truths: Readonly<Record<'canary' | 'flag' | 'both' | 'combination', readonly number[]>> = {
  canary: [0, 0, 1, 1],
  flag: [0, 1, 0, 1],
  both: [0, 1, 1, 2],
  combination: [0, 0, 0, 1],
}

/** A step: latency so many times longer, or so much more of all requests failing. */
export type Step = { readonly latency: number } | { readonly errors: number }

const requests = 300
const share = 0.3
const usualErrors = 0.01
const usual = lognormal({ median: 0.1, sigma: 0.6 })

/** Sixty requests a second, three in ten to the canary; half have the flag, or a quarter of stable's and three of the canary's. */
export function nameTruth(truth: keyof typeof truths, step: Step, ticks: number, runs: number, seed: number): Result {
  const cells = truths[truth].map((steps) => cellOf(step, steps))
  const flagShares = truth === 'flag' ? [0.25, 0.75] : [0.5, 0.5]
  let failed = 0
  const named = { right: 0, wrong: 0 }
  const secondsToFail: number[] = []
  for (let run = 0; run < runs; run += 1) {
    const random = randomOf(seed * 1_000_003 + run)
    const traffic = drawTraffic(cells, flagShares, ticks, random)
    const all = traffic.slices.flat()
    const verdict = judge(all, defaultPolicy, factsOf(all, ticks))
    const seconds = verdict.verdict === 'fail' ? verdict.decidedAfterSeconds! : Infinity
    secondsToFail.push(seconds)
    if (verdict.verdict !== 'fail') continue
    failed += 1
    const finding = verdict.findings.find((one) => one.decision === 'fail')!
    const metric = defaultPolicy.metrics.find(({ name }) => name === finding.metric)!
    const first = (seconds * 1000) / tickMs
    const last = Math.min(ticks, 2 * first)
    const names = Array.from({ length: last - first + 1 }, (_, at): Interaction => {
      const until = (first + at) * tickMs
      const [withFirst, withSecond] = traffic.slices.map((slices) => slices.filter(({ tick }) => tick < until))
      return interactionsOf([{ ...traffic, slices: [withFirst!, withSecond!] }], finding, metric)[0]!
    }).map(({ carries }) => carries)
    const isWrong = (name: Carries): boolean => name !== 'not-settled' && name !== truth
    if (names.at(-1) === truth) named.right += 1
    if (names.some(isWrong)) named.wrong += 1
  }
  return {
    runs: failed,
    failed,
    passed: 0,
    splitMissed: 0,
    failedAt: null,
    secondsToFail: secondsToFail.sort((a, b) => a - b),
    secondsToPass: [],
    peers: {},
    named,
  }
}

interface Cell {
  readonly latency: Source
  readonly errors: number
}

function cellOf(step: Step, steps: number): Cell {
  const times = 'latency' in step ? step.latency ** steps : 1
  const errors = 'errors' in step ? usualErrors + steps * step.errors : usualErrors
  return { latency: sourceOf(scaled(usual, times)), errors }
}

function drawTraffic(
  cells: readonly Cell[],
  flagShares: readonly number[],
  ticks: number,
  random: Random,
): FlagTraffic & { readonly slices: [Slice[], Slice[]] } {
  const slices: [Slice[], Slice[]] = [[], []]
  for (let at = 0; at < ticks; at += 1) {
    const size = arrivals(requests, random)
    const canary = eventsOf(size, share, random)
    const withFlag = [size - canary, canary].map((n, arm) => eventsOf(n, flagShares[arm]!, random))
    for (const variant of [0, 1] as const) {
      const counts = [size - canary, canary].map((n, arm) => (variant === 1 ? withFlag[arm]! : n - withFlag[arm]!))
      const [stable, ofCanary] = [0, 1].map((arm) => sidesOf(cells[2 * arm + variant]!, counts[arm]!, random)) as [
        Sides,
        Sides,
      ]
      for (const metric of ['requests', 'errors', 'client-errors', 'latency'] as const)
        slices[variant].push({
          tick: at * tickMs,
          operation: 'GET /',
          metric,
          stable: stable[metric],
          canary: ofCanary[metric],
        })
    }
  }
  return { flag: 'new-pricing', variants: ['off', 'on'], slices }
}

type Sides = Readonly<Record<'requests' | 'errors' | 'client-errors' | 'latency', Side>>

function sidesOf({ latency, errors }: Cell, n: number, random: Random): Sides {
  return {
    requests: { kind: 'count', n },
    errors: { kind: 'rate', n, events: eventsOf(n, errors, random) },
    'client-errors': { kind: 'rate', n, events: 0 },
    latency: { kind: 'distribution', n, histogram: latency(n, random) },
  }
}

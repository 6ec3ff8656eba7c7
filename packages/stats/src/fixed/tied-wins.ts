import { logFactorial } from '../log-factorial.ts'

// Some tenths of a second. Beyond it there are so many distinct values that the normal approximation holds.
const mostSteps = 2_000_000
// So unlikely that all that are left out together do not show in a p-value.
const negligible = 1e-24

/**
 * The chance that so many pairs or more (`greater`), or so many or fewer, are won when every labelling of the pooled values is
 * equally likely, ties counted one half; `undefined` where there are too many outcomes to go through. Twice the wins are
 * whole, so nothing is rounded.
 *
 * Streitberg and Röhmel 1986, Exact distributions for permutation and rank tests: the shift algorithm, one step for each
 * distinct value.
 *
 * @param ties how many pooled values each distinct value has, in ascending order of the values.
 * @param m how many of them are the canary's.
 * @example tiedWinsP([69, 1], 10, 330, 'greater') // 0.142857: the one is among the canary's ten
 */
export function tiedWinsP(
  ties: readonly number[],
  m: number,
  wins: number,
  side: 'greater' | 'less',
): number | undefined {
  const total = ties.reduce((sum, count) => sum + count, 0)
  // From how many are the canary's so far and twice its wins, as one number, to the chance of it.
  const base = 2 * m * (total - m) + 1
  let chances = new Map([[0, 1]])
  let seen = 0
  let steps = 0
  for (const here of ties) {
    const left = total - seen
    const next = new Map<number, number>()
    const drawn: (Float64Array | undefined)[] = []
    for (const [state, chance] of chances) {
      const taken = Math.floor(state / base)
      const wanted = m - taken
      const fewest = Math.max(0, wanted - (left - here))
      drawn[taken] ??= Float64Array.from({ length: Math.min(here, wanted) - fewest + 1 }, (_, at) =>
        Math.exp(logHypergeometric(fewest + at, here, left, wanted)),
      )
      const chancesHere = drawn[taken]
      for (let at = 0; at < chancesHere.length; at += 1) {
        const of = chance * chancesHere[at]!
        if (of < negligible) continue
        const own = fewest + at
        const to = state + own * (base + 2 * (seen - taken) + here - own)
        next.set(to, (next.get(to) ?? 0) + of)
      }
      steps += chancesHere.length
      if (steps > mostSteps) return undefined
    }
    chances = next
    seen += here
  }
  let p = 0
  for (const [state, chance] of chances) {
    const twice = state - m * base
    if (side === 'greater' ? twice >= 2 * wins : twice <= 2 * wins) p += chance
  }
  return Math.min(1, p)
}

/** The chance that `own` of the `here` values that are next are among the `wanted` that are drawn of the `left`. */
export function logHypergeometric(own: number, here: number, left: number, wanted: number): number {
  return logChoose(here, own) + logChoose(left - here, wanted - own) - logChoose(left, wanted)
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

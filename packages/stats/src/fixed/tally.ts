import { aligned, type Distributions, sizesOf } from '../distributions.ts'

/** The raw values of both arms. */
export interface Values {
  readonly stable: readonly number[]
  readonly canary: readonly number[]
}

/** The count of each distinct value (or bucket) in each arm, in ascending order of the values. */
interface Tally {
  readonly stable: readonly number[]
  readonly canary: readonly number[]
}

/** The tally of values, or of histograms with stable's moved up by `shift` buckets; throws a RangeError for what is no number. */
export function tallyOf(arms: Values | Distributions, shift = 0): Tally {
  return isValues(arms) ? ofValues(arms) : ofHistograms(arms, shift)
}

/** Whether two arms are plain values, not histograms. */
export function isValues(arms: Values | Distributions): arms is Values {
  return Array.isArray(arms.stable)
}

function ofValues({ stable, canary }: Values): Tally {
  const sorted = [sort(stable, 'stable'), sort(canary, 'canary')] as const
  const tally: [number[], number[]] = [[], []]
  const next = [0, 0]
  while (next[0]! < sorted[0].length || next[1]! < sorted[1].length) {
    const value = Math.min(sorted[0][next[0]!] ?? Infinity, sorted[1][next[1]!] ?? Infinity)
    for (const arm of [0, 1] as const) {
      const from = next[arm]!
      while (sorted[arm][next[arm]!] === value) next[arm]! += 1
      tally[arm].push(next[arm]! - from)
    }
  }
  return { stable: tally[0], canary: tally[1] }
}

/** A sorted copy; throws a RangeError naming a value that is not finite. */
export function sort(values: readonly number[], name: string): Float64Array {
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) throw new RangeError(`${name}[${at}]: expected a finite number, got ${value}`)
  })
  return Float64Array.from(values).sort()
}

function ofHistograms(block: Distributions, shift: number): Tally {
  sizesOf(block)
  const { stable, canary } = aligned(block)
  const tally = { stable: [stable.zero], canary: [canary.zero] }
  let s = 0
  let c = 0
  while (s < stable.indices.length || c < canary.indices.length) {
    const ofStable = s < stable.indices.length ? stable.indices[s]! + shift : Infinity
    const ofCanary = c < canary.indices.length ? canary.indices[c]! : Infinity
    tally.stable.push(ofStable <= ofCanary ? stable.counts[s]! : 0)
    tally.canary.push(ofCanary <= ofStable ? canary.counts[c]! : 0)
    if (ofStable <= ofCanary) s += 1
    if (ofCanary <= ofStable) c += 1
  }
  return tally
}

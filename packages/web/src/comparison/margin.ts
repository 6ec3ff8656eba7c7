import type { Finding } from '@coalmine/comparator'

/**
 * A margin from a policy, in words.
 *
 * @example marginText('10%,2ms') // '10 % or 2 ms'
 */
export function marginText(margin: string): string {
  const half = (text: string): string => {
    const [, value, unit] = /^([\d.]+)(%|pp|ms|s)?$/.exec(text.trim()) ?? []
    if (value === undefined) return text
    return unit === undefined ? `odds ×\u00a0${value}` : `${value}\u00a0${unit}`
  }
  return margin.split(',').map(half).join(' or ')
}

/**
 * How much worse is acceptable, on the scale of the effect, from a written margin. For `10%,2ms` it is the larger part at stable's
 * value. Null if the effect has another scale.
 */
export function marginOf({ margin, effect, stable }: Pick<Finding, 'margin' | 'effect' | 'stable'>): number | null {
  const half = (unit: RegExp): number | undefined => {
    const found = margin.split(',').find((text) => unit.test(text))
    return found === undefined ? undefined : Number.parseFloat(found)
  }
  const percents = half(/%$/)
  const points = half(/pp$/)
  if (effect.kind === 'ratio') {
    if (percents === undefined) return null
    const ms = half(/ms$/) ?? 0
    return 1 + Math.max(percents / 100, stable.value ? ms / 1000 / stable.value : 0)
  }
  const odds = half(/^[\d.]+$/)
  if (effect.kind === 'odds-ratio') return odds ?? null
  const rate = stable.value ?? 0
  const byOdds = odds === undefined ? 0 : (rate * odds) / (1 - rate + rate * odds) - rate
  return Math.max((points ?? 0) / 100, byOdds)
}

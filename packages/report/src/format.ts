import type { Finding } from '@coalmine/comparator'

/** A count with thin spaces between thousands. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/** One arm's value in the unit of its statistic. */
export function value(finding: Finding, arm: 'stable' | 'canary'): string {
  const side = finding[arm]
  if (side.value === null) return '-'
  return { seconds, share: percent, number }[finding.unit](side.value)
}

/** The effect's confidence sequence, such as `+52 % to +71 %`. */
export function interval({ effect, interval: { lower, upper, changed } }: Finding): string {
  const show = (bound: number): string => {
    if (effect.kind === 'odds-ratio') return `x ${Number(bound.toPrecision(2))}`
    return effect.kind === 'ratio' ? signed((bound - 1) * 100, '%') : signed(bound * 100, 'pp')
  }
  if (changed) return lower === null ? 'varies' : `${show(lower)} in part`
  if (lower === null && upper === null) return '-'
  if (lower === null) return `up to ${show(upper!)}`
  return upper === null ? `from ${show(lower)}` : `${show(lower)} to ${show(upper)}`
}

function seconds(s: number): string {
  return s >= 10 ? `${digits(s)} s` : `${digits(s * 1000)} ms`
}

/** Three digits of whatever unit it has, thousands apart. */
function number(x: number): string {
  const rounded = Number(x.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? count(rounded) : String(rounded)
}

function percent(share: number): string {
  return `${digits(share * 100)} %`
}

function signed(x: number, unit: string): string {
  const rounded = Number(x.toPrecision(2))
  return `${rounded > 0 ? '+' : ''}${rounded} ${unit}`
}

function digits(x: number): string {
  return String(Number(x.toPrecision(3)))
}

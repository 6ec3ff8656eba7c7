// The one place that writes a number into a sentence or a table, so that the same number reads the same everywhere. Three digits
// are what a reader takes in; an estimate of which the third is chance has two.

/**
 * A whole number, thousands set apart by a thin space.
 *
 * @example count(4200) // '4 200'
 */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/**
 * A whole number with what it counts. The noun's plural has to be regular.
 *
 * @example counted(1, 'request') // '1 request'
 * @example counted(4200, 'request') // '4 200 requests'
 */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`
}

/**
 * A share as a percentage.
 *
 * @param share between 0 and 1.
 * @example percent(0.12345) // '12.3 %'
 */
export function percent(share: number, digits = 3): string {
  return `${Number((share * 100).toPrecision(digits))} %`
}

/**
 * A length of time, to the second, or above an hour to the minute.
 *
 * @example duration(75) // '1 min 15 s'
 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/**
 * A latency, in milliseconds up to ten seconds.
 *
 * @example latency(0.0964) // '96.4 ms'
 */
export function latency(seconds: number, digits = 3): string {
  return seconds >= 10
    ? `${Number(seconds.toPrecision(digits))} s`
    : `${Number((seconds * 1000).toPrecision(digits))} ms`
}

/**
 * A number in whatever unit it has, thousands set apart.
 *
 * @example number(12345) // '12 300'
 */
export function number(value: number): string {
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? count(rounded) : String(rounded)
}

/**
 * A change with its sign, to two digits.
 *
 * @param unit with the space before it, where there is one.
 * @example signed(52.3, ' %') // '+52 %'
 */
export function signed(value: number, unit: string): string {
  const rounded = Number(value.toPrecision(2))
  return `${rounded > 0 ? '+' : ''}${rounded}${unit}`
}

/**
 * A factor, to two digits.
 *
 * @example times(1.523) // 'x 1.5'
 */
export function times(factor: number): string {
  return `x ${Number(factor.toPrecision(2))}`
}

/**
 * A number that someone wrote down, without what binary fractions add to it.
 *
 * @example tidy(0.1 + 0.2) // '0.3'
 */
export function tidy(value: number): string {
  return String(Number(value.toPrecision(6)))
}

/**
 * A number of which later digits say nothing: what a verdict's JSON holds of evidence.
 *
 * @example rounded(12.3456789) // 12.3457
 */
export function rounded(value: number, digits = 6): number {
  return Number(value.toPrecision(digits))
}

/**
 * An amount of bytes.
 *
 * @example bytes(1_234_567) // '1.23 MB'
 */
export function bytes(amount: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, amount)) / 3))
  return `${Number((amount / 1000 ** power).toPrecision(3))} ${units[power]}`
}

/**
 * A length of time that nobody needs to the minute: in days above two of them, in hours above three.
 *
 * @example roughly(61_488) // '17.1 h'
 */
export function roughly(seconds: number): string {
  const hours = seconds / 3600
  if (hours < 3) return duration(seconds)
  const [amount, unit] = hours < 48 ? [hours, 'h'] : [hours / 24, 'days']
  return `${amount < 100 ? Number(amount.toPrecision(3)) : count(amount)} ${unit}`
}

/**
 * A share of good requests as a percentage, to two digits more than its objective has, and never rounded up: what misses an objective
 * does not read as if it had met it.
 *
 * @param share between 0 and 1, as `objective` is.
 * @example goodPercent(0.9989999, 0.999) // '99.899 %'
 */
export function goodPercent(share: number, objective: number): string {
  const factor = 10 ** ((String(Number((objective * 100).toPrecision(10))).split('.')[1]?.length ?? 0) + 2)
  return `${Math.floor(Number((share * 100 * factor).toPrecision(12))) / factor} %`
}

/**
 * Whole days, or below one hours.
 *
 * @example daysText(12.7) // '12 days'
 */
export function daysText(days: number): string {
  if (days < 1) return `${count(Math.max(1, Math.floor(days * 24)))} h`
  const whole = Math.floor(days)
  return whole === 1 ? '1 day' : `${count(whole)} days`
}

/**
 * A share as a percentage, where one that is nearly all is told apart from all.
 *
 * @example shareText(0.99995) // '> 99.9 %'
 */
export function shareText(share: number): string {
  return share > 0.999 && share < 1 ? '> 99.9 %' : percent(share)
}

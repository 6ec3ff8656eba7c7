/** A whole number, thousands separated by a thin space, as in verdicts. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** A share as a percentage. */
export function percent(share: number, digits = 3): string {
  const rounded = Number((share * 100).toPrecision(digits))
  if (rounded > 0 && rounded < leastPercent) return `<\u202f${leastPercent}\u00a0%`
  return `${rounded >= 1000 ? count(rounded) : rounded}\u00a0%`
}

// Smaller numbers would get an exponent.
const leastPercent = 0.0001

/** A length of time, to the second, or to the minute above an hour. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}\u00a0s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes}\u00a0min` : `${minutes}\u00a0min ${whole % 60}\u00a0s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours}\u00a0h` : `${hours}\u00a0h ${minutes % 60}\u00a0min`
}

/** A latency, in milliseconds below ten seconds. */
export function latency(seconds: number, digits = 3): string {
  return seconds >= 10
    ? `${Number(seconds.toPrecision(digits))}\u00a0s`
    : `${Number((seconds * 1000).toPrecision(digits))}\u00a0ms`
}

/** A number without a unit. */
export function number(value: number): string {
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? count(rounded) : String(rounded)
}

/** A value in the unit of a finding; a dash if there is none. */
export function inUnit(value: number | null | undefined, unit: 'seconds' | 'share' | 'number'): string {
  if (value === null || value === undefined) return '–'
  return unit === 'seconds' ? latency(value) : unit === 'share' ? percent(value) : number(value)
}

/** An effect as in verdicts: `+42 %`, `+0.4 pp`, or `× 1.42` for odds. */
export function effectText(value: number | null, kind: 'ratio' | 'odds-ratio' | 'difference'): string {
  if (value === null) return '–'
  if (kind === 'odds-ratio') return `×\u00a0${Number(value.toPrecision(3))}`
  const change = kind === 'ratio' ? (value - 1) * 100 : value * 100
  // Rounding errors of binary fractions must not show as a change.
  const size = Math.abs(change) < 1e-9 ? 0 : Number(Math.abs(change).toPrecision(3))
  return `${size === 0 ? '' : change > 0 ? '+' : '−'}${size >= 1000 ? count(size) : size}\u00a0${kind === 'ratio' ? '%' : 'pp'}`
}

/**
 * A verdict's sentence with typographic arrows and signs, no line break between a number and its unit, and moments in the reader's time
 * zone, as everywhere on the page.
 */
export function prose(text: string): string {
  return text
    .replace(/(\d|%|\bm?s|\bpp|\bnone) -> (?=[\d+-])/g, '$1 → ')
    .replace(/\b(odds|least|most) x (?=\d)/g, '$1 × ')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b/g, (iso) => moment(iso))
    .replace(/(\d) (?=%|(?:pp|ms|s|min|h)\b)/g, '$1\u00a0')
}

/** A text with a capital letter at its start. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The reader's time zone, such as `Europe/Berlin (UTC+02:00)`, because readers elsewhere see other times. */
export function timeZone(now: Date = new Date()): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'longOffset' })
  const offset = format.formatToParts(now).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const name = format.resolvedOptions().timeZone
  return name === 'UTC' ? name : `${name} (${offset.replace('GMT', 'UTC')})`
}

/** A moment in the reader's time zone, with the date unless it is today. */
export function moment(iso: string, now: Date = new Date()): string {
  const at = new Date(iso)
  const isToday = at.toDateString() === now.toDateString()
  return at.toLocaleString('en-GB', {
    ...(isToday ? {} : { day: 'numeric', month: 'short', year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
}

/** How unlikely the evidence would be if nothing were wrong: `1 in 12 000`. */
export function oddsOf(logE: number): string {
  if (logE <= 0) return 'none'
  if (logE > 60) return `1 in 10^${Math.round(logE / Math.LN10)}`
  const odds = Math.exp(logE)
  return `1 in ${odds < 10 ? Number(odds.toPrecision(2)) : count(Number(odds.toPrecision(2)))}`
}

/** An amount of bytes. */
export function bytes(amount: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, amount)) / 3))
  return `${Number((amount / 1000 ** power).toPrecision(3))}\u00a0${units[power]}`
}

/** Quotes a text as one word of a shell: anybody may have made the link, and its command is meant to be pasted. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

import type { Lasts } from '@coalmine/comparator'
import { count, duration } from '../data/format.ts'

/** A length of time, rounded: nobody needs it to the minute. */
export function roughly(seconds: number): string {
  const hours = seconds / 3600
  if (hours < 3) return duration(seconds)
  const [amount, unit] = hours < 48 ? [hours, 'h'] : [hours / 24, 'days']
  return `${amount < 100 ? Number(amount.toPrecision(3)) : count(amount)}\u00a0${unit}`
}

/** How long a budget lasts; a dash if unknown. */
export function lasting(lasts: Lasts | null): string {
  if (lasts === null) return '–'
  if (lasts.seconds === 0) return 'gone'
  return lasts.seconds === null ? 'over a year' : roughly(lasts.seconds)
}

/** A share of good requests, to two digits more than its objective has, and never rounded up. */
export function goodPercent(share: number, objective: number): string {
  const factor = 10 ** ((String(Number((objective * 100).toPrecision(10))).split('.')[1]?.length ?? 0) + 2)
  return `${Math.floor(Number((share * 100 * factor).toPrecision(12))) / factor}\u00a0%`
}

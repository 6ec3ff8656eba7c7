import { wrong } from '../otlp/json-fields.ts'

/** An id of up to a number of hex digits, not all zero. Old clients write short ids, without leading zeros. */
export function hexIdAt(value: unknown, at: string, digits: number): string {
  if (typeof value !== 'string' || value.length > digits || !/^[\da-f]*[1-9a-f][\da-f]*$/i.test(value))
    throw wrong(at, `up to ${digits} hex digits`, value)
  return value.toLowerCase().padStart(digits, '0')
}

/** A time or a duration in whole microseconds, as nanoseconds. */
export function microsecondsAt(value: unknown, at: string): bigint {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 1e16)
    throw wrong(at, 'whole microseconds', value)
  return BigInt(value) * 1000n
}

import type { Amount } from '@coalmine/comparator'

/** The rollout for which a canary is moved. */
export interface MoveContext {
  /** The rollout's id. */
  readonly rollout: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  /** Counted from 1; 0 means no canary at all. */
  readonly stage: number
}

/** How much of the canary there is, as read back. */
export interface Reading {
  /** Whether this is the wanted amount. */
  readonly matches: boolean
  /** Such as `10%`. */
  readonly text: string
}

/** Moves a canary. Calls give absolute amounts, never increments, and so may be repeated. */
export interface Actuator {
  /** Sets the amount of the canary, and returns the output of doing so. Throws an ActuatorError. */
  readonly move: (amount: Amount, context: MoveContext, signal: AbortSignal) => Promise<string>
  /** Reads the current amount; null if it cannot be read back. Throws an ActuatorError. */
  readonly read: (amount: Amount, context: MoveContext, signal: AbortSignal) => Promise<Reading | null>
}

/** Why a canary was not moved; the message is meant for people. */
export class ActuatorError extends Error {}

/** Whether two shares are practically equal: a proxy has integer weights and cannot represent every share. */
export function isAbout(percent: number, wanted: number): boolean {
  if (wanted === 0 || wanted === 100) return percent === wanted
  return Math.abs(percent - wanted) <= Math.max(0.05, wanted * 0.02)
}

/**
 * Parses an amount as a person or a program writes it: `2`, `10%`.
 *
 * @example readingOf('10%\n', { hosts: null, percent: 10, flag: null }) // { matches: true, text: '10%' }
 */
export function readingOf(said: string, { hosts, percent }: Amount): Reading {
  const text = said.trim()
  const match = /^(\d+(?:\.\d+)?) *(%?)$/.exec(text)
  if (!match)
    throw new ActuatorError(`expected how much there is, such as 2 or 10%, got ${JSON.stringify(text.slice(0, 200))}`)
  const [number, isShare] = [Number(match[1]), match[2] === '%']
  // Zero is zero, whether of hosts or of per cent.
  if (number === 0) return { matches: hosts === 0 || percent === 0, text }
  return { matches: isShare ? percent !== null && isAbout(number, percent) : hosts === number, text }
}

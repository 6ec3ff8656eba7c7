import type { Amount } from '@coalmine/comparator'

/** For which rollout a canary is moved. */
export interface MoveContext {
  /** Its id. */
  readonly rollout: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  /** Counted from 1; 0 is nothing of the canary. */
  readonly stage: number
}

/** What was found when it was asked how much there is. */
export interface Reading {
  /** Whether it is what it should be. */
  readonly matches: boolean
  /** Such as `10%`. */
  readonly text: string
}

/** What moves a canary. A call says how much there is to be, never how much more, and so may be made twice. */
export interface Actuator {
  /** Sees to it that there is so much of the canary, and gives what was said. Throws an ActuatorError. */
  readonly move: (amount: Amount, context: MoveContext, signal: AbortSignal) => Promise<string>
  /** How much there is; null where it cannot be asked. Throws an ActuatorError. */
  readonly read: (amount: Amount, context: MoveContext, signal: AbortSignal) => Promise<Reading | null>
}

/** Why a canary was not moved, for people. */
export class ActuatorError extends Error {}

/** Whether two shares are the same to people: a proxy has whole weights, and cannot have every share. */
export function isAbout(percent: number, wanted: number): boolean {
  if (wanted === 0 || wanted === 100) return percent === wanted
  return Math.abs(percent - wanted) <= Math.max(0.05, wanted * 0.02)
}

/**
 * How much there is, as a person or a program wrote it: `2`, `10%`.
 *
 * @example readingOf('10%\n', { hosts: null, percent: 10, flag: null }) // { matches: true, text: '10%' }
 */
export function readingOf(said: string, { hosts, percent }: Amount): Reading {
  const text = said.trim()
  const match = /^(\d+(?:\.\d+)?) *(%?)$/.exec(text)
  if (!match)
    throw new ActuatorError(`expected how much there is, such as 2 or 10%, got ${JSON.stringify(text.slice(0, 200))}`)
  const [number, isShare] = [Number(match[1]), match[2] === '%']
  // Nothing is nothing, of whatever.
  if (number === 0) return { matches: hosts === 0 || percent === 0, text }
  return { matches: isShare ? percent !== null && isAbout(number, percent) : hosts === number, text }
}

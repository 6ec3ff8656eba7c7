import type { Facts } from '../facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'

/** How often this was looked at, and whether the tests that judge it allow that. */
export function lookReasons({ window, look = 1, beforeAfter }: Facts, { mode }: Policy): Reason[] {
  // What is said of the days says it.
  if (beforeAfter && look === 1) return []
  if (mode === 'sequential') {
    const slides =
      'With a sliding window the error rate holds for one look. Leave out --since to look as often as you like.'
    return window.anchored ? [] : [{ code: 'one-look', weight: 'note', message: slides }]
  }
  if (look === 1) {
    const message =
      'These tests may look once, and this was the look. To look again as traffic comes in, leave out "mode: fixed".'
    return [{ code: 'one-look', weight: 'note', message }]
  }
  const message = `This is look ${look} at tests that may look once: the more looks, the more good canaries fail. Judge one look at the end${beforeAfter ? '' : ', or leave out "mode: fixed" to look as often as you like'}.`
  return [{ code: 'peeked', weight: 'blocks', message }]
}

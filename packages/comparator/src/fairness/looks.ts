import type { Facts } from '../facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'

/** Whether the comparison was looked at more often than its tests allow. */
export function lookReasons({ window, look = 1, beforeAfter }: Facts, { mode }: Policy): Reason[] {
  // The reasons about earlier days cover it.
  if (beforeAfter && look === 1) return []
  if (mode === 'sequential') {
    const slides =
      'With a sliding window (--since), the error rate holds for one look only. Leave out --since to look as often as you like.'
    return window.anchored ? [] : [{ code: 'one-look', weight: 'note', message: slides }]
  }
  if (look === 1) {
    const message =
      'These tests allow one look, and this was it. To look again as traffic comes in, leave out "mode: fixed".'
    return [{ code: 'one-look', weight: 'note', message }]
  }
  const message = `This is look ${look} at tests that allow one: every further look fails more good canaries. Look once, at the end${beforeAfter ? '' : ', or leave out "mode: fixed" to look as often as you like'}.`
  return [{ code: 'peeked', weight: 'blocks', message }]
}

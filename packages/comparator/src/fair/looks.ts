import type { Policy } from '../policy.ts'
import type { Facts, Reason } from '../verdict.ts'

/** How often this was looked at, and whether the tests that judge it allow that. */
export function lookReasons({ window, look = 1 }: Facts, { mode }: Policy): Reason[] {
  if (mode === 'fixed') {
    return look > 1
      ? [
          {
            code: 'peeked',
            weight: 'blocks',
            message: `This is look ${look} at tests that may look once: the more looks, the more good canaries fail. Judge one look at the end, or leave out "mode: fixed" to look as often as you like.`,
          },
        ]
      : [
          {
            code: 'one-look',
            weight: 'note',
            message:
              'Judged by tests that may look once, and this was the look: to look again as traffic comes in, leave out "mode: fixed".',
          },
        ]
  }
  if (window.anchored) return []
  return [
    {
      code: 'one-look',
      weight: 'note',
      message: 'The window slides: its error rate holds for one look. Leave out --since to look as often as you like.',
    },
  ]
}

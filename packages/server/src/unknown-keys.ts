import { closest } from '@coalmine/comparator'
import { ServerError } from './errors.ts'

/**
 * Refuses what is left of a body or query once all known keys have been taken out of it.
 *
 * @param where `within`: the place of the keys, such as `window.`; `more`: what else to say of the known ones.
 * Throws a ServerError of kind `usage` that names the first of them, and the known key that was probably meant.
 */
export function refuseUnknown(
  left: object,
  known: readonly string[],
  where: { readonly what?: 'key' | 'parameter'; readonly within?: string; readonly more?: string } = {},
): void {
  const [stray] = Object.keys(left)
  if (stray === undefined) return
  const { what = 'key', within = '', more = '' } = where
  const meant = closest(stray, known)
  const hint = meant ? `did you mean ${meant}? Expected` : 'expected'
  throw new ServerError('usage', `${within}${stray}: unknown ${what}; ${hint} ${known.join(', ')}${more}`)
}

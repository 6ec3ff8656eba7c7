import { AUDIENCE } from './attributes.ts'
import { addTargeted, isShort, type Marks, setFlag, setMark, setTest } from './marks.ts'
import { sayOutlived } from './outlived.ts'
import { currentWork } from './work.ts'

/**
 * Marks the current request, and every span of it that is still open, with the variant that a flag had.
 * A second, different variant makes it `(mixed)`. `targeted`: a rule about this user chose it, so that users with the
 * variant and users without may differ in more than the flag; a comparison by the flag then does not pass. Outside a
 * request there is nothing to mark. Never throws.
 *
 * @example markFlag('new-pricing', 'on') // every open and later span: coalmine.flag.new-pricing = "on"
 */
export function markFlag(key: string, variant: string, options?: { readonly targeted?: boolean }): void {
  const marks = marksFor(markFlag)
  if (!marks) return
  setFlag(marks, key, variant)
  if (options?.targeted) addTargeted(marks, key)
}

/**
 * Marks the current request as trusted test traffic about one entity. Several entities add up. Never throws.
 *
 * @example markTestEntity('cart', '7', { run: 'load-7' }) // coalmine.test = true, coalmine.test.entity = "cart:7"
 */
export function markTestEntity(kind: string, id: string, options: { readonly run?: string } = {}): void {
  const marks = marksFor(markTestEntity)
  if (marks) setTest(marks, { kind, id, ...options })
}

/**
 * Marks the current request as one of real users who are reported apart, not as test traffic. Never throws.
 *
 * @example markAudience('beta') // coalmine.audience = "beta"
 */
export function markAudience(audience: string): void {
  const marks = marksFor(markAudience)
  if (marks && isShort(audience)) setMark(marks, AUDIENCE, audience)
}

/** Where the request is over there is nothing to mark: the spans that are still open in it may serve others. */
function marksFor(caller: (...args: never[]) => void): Marks | undefined {
  const work = currentWork()
  if (!work?.over) return work?.marks
  sayOutlived(work, caller)
  return undefined
}

import { AUDIENCE } from './attributes.ts'
import { addTargeted, isShort, type Marks, setFlag, setMark, setTest } from './marks.ts'
import { sayOutlived } from './outlived.ts'
import { currentWork } from './work.ts'

/**
 * Marks the current request, and each of its spans that is still open, with a flag's variant. A second, different variant
 * makes it `(mixed)`. Set `targeted` if a rule about the user chose the variant: the groups may then differ in more than
 * the flag, and a comparison by that flag cannot pass. Set `bulk` if the request read all flags at once: they then leave room
 * for those that it reads one by one. Does nothing outside a request. Never throws.
 *
 * @example markFlag('new-pricing', 'on') // every open and later span: coalmine.flag.new-pricing = "on"
 */
export function markFlag(
  key: string,
  variant: string,
  options?: { readonly targeted?: boolean; readonly bulk?: boolean },
): void {
  const marks = marksFor(markFlag)
  if (!marks || typeof key !== 'string') return
  // JavaScript may well say `true`.
  setFlag(marks, key, typeof variant === 'string' ? variant : String(variant), options?.bulk)
  if (options?.targeted) addTargeted(marks, key)
}

/**
 * Marks the current request as trusted test traffic for one entity. Further calls add entities. Never throws.
 *
 * @example markTestEntity('cart', '7', { run: 'load-7' }) // coalmine.test = true, coalmine.test.entity = "cart:7"
 */
export function markTestEntity(kind: string, id: string, options: { readonly run?: string } = {}): void {
  const marks = marksFor(markTestEntity)
  if (marks) setTest(marks, { kind: String(kind), id: String(id), ...options })
}

/**
 * Marks the current request as coming from a group of real users that is reported separately. It does not become test
 * traffic. Never throws.
 *
 * @example markAudience('beta') // coalmine.audience = "beta"
 */
export function markAudience(audience: string): void {
  const marks = marksFor(markAudience)
  if (marks && isShort(audience)) setMark(marks, AUDIENCE, audience)
}

/** Returns undefined once the request has ended: spans still open in its context may serve other requests. */
function marksFor(caller: (...args: never[]) => void): Marks | undefined {
  const work = currentWork()
  if (!work?.over) return work?.marks
  sayOutlived(work, caller)
  return undefined
}

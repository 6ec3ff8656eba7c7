import { FLAG_PREFIX, FLAGS_TARGETED, MIXED, TEST, TEST_CLAIMED, TEST_ENTITY, TEST_RUN } from './attributes.ts'
import { emptyLog, extended, type Log, type Mark, share, sharedAfter } from './log.ts'

/** The marks of one request. */
export interface Marks {
  /** The marks set so far. A span that has read one log needs only what later logs add. */
  log: Log
  /** How many flags were dropped. */
  dropped: number
  /** True when the request is trusted test traffic. */
  test: boolean
  /** The signed marker that the request arrived with, to be passed on. */
  marker: string | undefined
  /** The `coalmine-test` header that the request arrived with, whether or not it is believed. */
  header: string | undefined
  /** True once a request or job owns them; no other may take them. */
  taken: boolean
  /** True once it is known whose traffic this is, from a request or a job. A span alone decides nothing. */
  decided: boolean
  /** True once the propagator has read the headers, with its own level of trust. */
  received: boolean
}

/** The subject of a test, such as one user, cart or page; or its test run; or both. */
export type TestEntity =
  | { readonly kind: string; readonly id: string; readonly run?: string }
  | { readonly run: string; readonly kind?: never; readonly id?: never }

/** Maximum number of flags per request. */
const maxFlags = 64

/** Maximum number of flags up to which those count that a request reads all at once. */
const maxBulk = 48

/** Maximum length of a key, variant or identifier, in characters. */
export const maxLength = 128

/** Maximum number of marks per request, including replaced ones. */
const maxMarks = 256

/**
 * Creates the marks of a new request.
 *
 * @example newMarks().test // false
 */
export function newMarks(): Marks {
  return {
    log: emptyLog,
    dropped: 0,
    test: false,
    marker: undefined,
    header: undefined,
    taken: false,
    decided: false,
    received: false,
  }
}

/**
 * Sets one mark. Setting the same value again does nothing.
 *
 * @example setMark(marks, 'coalmine.audience', 'beta') // getMark(marks, 'coalmine.audience') is 'beta'
 */
export function setMark(marks: Marks, key: string, value: string | boolean): void {
  const { log } = marks
  // Only booleans are shared: strings, such as test entities, may differ in every request.
  const known = typeof value === 'boolean' ? sharedAfter(log, key, value) : undefined
  if (known) {
    marks.log = known
    return
  }
  const replaced = getMark(marks, key)
  if (replaced === value || log.marks.length >= maxMarks) return
  const next = extended(log, { key, value, replaced, flag: undefined })
  marks.log = typeof value === 'boolean' ? share(log, key, value, next) : next
}

/**
 * Returns a request's current value for a key.
 *
 * @example getMark(marks, 'coalmine.test.run') // 'load-7'
 */
export function getMark({ log: { marks } }: Marks, key: string): string | boolean | undefined {
  for (let i = marks.length - 1; i >= 0; i--) {
    const mark = marks[i] as Mark
    if (mark.key === key) return mark.value
  }
  return undefined
}

/**
 * Sets a flag's variant, or `(mixed)` if the request already has a different one. Flags read in bulk leave room for others.
 *
 * @example setFlag(marks, 'new-pricing', 'on') // getMark(marks, 'coalmine.flag.new-pricing') is 'on'
 */
export function setFlag(marks: Marks, key: string, variant: string, bulk = false): void {
  const { log } = marks
  // Another request with the same flags may have read this one alone.
  const known = bulk && log.flags >= maxBulk ? undefined : sharedAfter(log, key, variant)
  const next = known ?? withFlag(marks, key, variant, bulk ? maxBulk : maxFlags)
  if (next) marks.log = next
  else marks.dropped++
}

/** Returns the log with the flag added, or undefined if there is no room for it. */
function withFlag(marks: Marks, key: string, variant: string, most: number): Log | undefined {
  const { log } = marks
  const attribute = flagAttribute(key)
  const replaced = getMark(marks, attribute)
  if (replaced === variant || replaced === MIXED) return log
  const fits = replaced !== undefined || (log.flags < most && isShort(key) && isShort(variant))
  if (!fits || log.marks.length >= maxMarks) return undefined
  const value = replaced === undefined ? variant : MIXED
  return share(log, key, variant, extended(log, { key: attribute, value, replaced, flag: key }))
}

/**
 * Adds a flag to the targeted ones. Few different lists occur, so requests share them.
 *
 * @example addTargeted(marks, 'new-pricing') // coalmine.flags.targeted = 'new-pricing'
 */
export function addTargeted(marks: Marks, key: string): void {
  const { log } = marks
  const known = sharedAfter(log, FLAGS_TARGETED, key)
  if (known) {
    marks.log = known
    return
  }
  const before = getMark(marks, FLAGS_TARGETED)
  const flag = key.replace(/[;=%]/g, encodeURIComponent)
  const flags = typeof before === 'string' ? before.split(';') : []
  if (!isShort(key) || flags.includes(flag) || flags.length >= maxFlags || log.marks.length >= maxMarks) return
  const value = [...flags, flag].join(';')
  marks.log = share(
    log,
    FLAGS_TARGETED,
    key,
    extended(log, { key: FLAGS_TARGETED, value, replaced: before, flag: undefined }),
  )
}

/**
 * Marks a request as trusted test traffic.
 *
 * @example setTest(marks, { kind: 'cart', id: '7', run: 'load-7' }) // marks.test is true
 */
export function setTest(marks: Marks, entity?: TestEntity): void {
  marks.test = true
  setMark(marks, TEST, true)
  if (getMark(marks, TEST_CLAIMED) !== undefined) setMark(marks, TEST_CLAIMED, false)
  if (entity?.kind !== undefined) addEntity(marks, `${entity.kind}:${entity.id}`)
  if (isShort(entity?.run)) setMark(marks, TEST_RUN, entity.run)
}

/**
 * Adds test entities, as `kind:id` joined by commas, to the request's own.
 *
 * @example addEntity(marks, 'cart:7') // coalmine.test.entity = 'user:42,cart:7'
 */
export function addEntity(marks: Marks, entity: string): void {
  const before = getMark(marks, TEST_ENTITY)
  if (typeof before === 'string' && before.split(',').includes(entity)) return
  const entities = before === undefined ? entity : `${before},${entity}`
  if (isShort(entities)) setMark(marks, TEST_ENTITY, entities)
}

// Keys are built once, and as property names, which V8 compares by address: a fresh concatenation costs each span more
// than setting the attribute does (measured, 65 against 28 ns for markFlag alone).
const flagAttributes = new Map<string, string>()

function flagAttribute(key: string): string {
  const known = flagAttributes.get(key)
  if (known !== undefined) return known
  const attribute = Object.keys({ [FLAG_PREFIX + key]: 0 })[0] as string
  if (flagAttributes.size < 1000 && isShort(key)) flagAttributes.set(key, attribute)
  return attribute
}

/**
 * Whether a value can be a mark: a string that is neither empty nor longer than `maxLength`.
 *
 * @example isShort('beta') // true
 */
export function isShort(text: unknown): text is string {
  return typeof text === 'string' && text.length > 0 && text.length <= maxLength
}

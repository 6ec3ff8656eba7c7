import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context, createContextKey, type Span, trace } from '@opentelemetry/api'
import {
  AUDIENCE,
  FLAG_PREFIX,
  MIXED,
  SYNTHETIC_TYPE,
  TEST,
  TEST_CLAIMED,
  TEST_ENTITY,
  TEST_RUN,
} from './attributes.ts'

/** One span attribute, and the value that the same request had for it before: the log of a request only grows. */
export interface Mark {
  readonly key: string
  readonly value: string | boolean
  readonly replaced: string | boolean | undefined
  /** The flag's key, where the attribute is a flag's. */
  readonly flag: string | undefined
}

/** What is known of one request. A span that has read the first n marks needs only the later ones. */
export interface Marks {
  readonly log: Mark[]
  /** How many different flags the log holds. */
  flags: number
  /** How many flags were left out. */
  dropped: number
  /** The flags in one text, as of the first `packedAt` marks of the log, after what it was before: see packed.ts. */
  readonly packed: string[]
  packedAt: number
  /** True when the request is trusted test traffic. */
  test: boolean
  /** The signed marker that it came with, to be sent along. */
  marker: string | undefined
  /** True once a framework's request object has them: no other request may. */
  taken: boolean
}

/** What a test is about, such as one user, cart or page, or the test run that it belongs to, or both. */
export type TestEntity =
  | { readonly kind: string; readonly id: string; readonly run?: string }
  | { readonly run: string; readonly kind?: never; readonly id?: never }

/** At most this many flags a request, and this many characters a key, variant or identifier. */
export const MAX_FLAGS = 64
export const MAX_LENGTH = 128
const MAX_MARKS = 256

/**
 * Marks the current request, and every span of it that is still open, with the variant that a flag had.
 * A second, different variant makes it `(mixed)`. Outside a request there is nothing to mark. Never throws.
 *
 * @example markFlag('new-pricing', 'on') // every open and later span: coalmine.flag.new-pricing = "on"
 */
export function markFlag(key: string, variant: string): void {
  const marks = currentMarks()
  if (marks) setFlag(marks, key, variant)
}

/**
 * Marks the current request as trusted test traffic about one entity. Several entities add up. Never throws.
 *
 * @example markTestEntity('cart', '7', { run: 'load-7' }) // coalmine.test = true, coalmine.test.entity = "cart:7"
 */
export function markTestEntity(kind: string, id: string, options: { readonly run?: string } = {}): void {
  const marks = currentMarks()
  if (marks) setTest(marks, { kind, id, ...options })
}

/**
 * Marks the current request as one of real users who are reported apart, not as test traffic. Never throws.
 *
 * @example markAudience('beta') // coalmine.audience = "beta"
 */
export function markAudience(audience: string): void {
  const marks = currentMarks()
  if (marks && isShort(audience)) setMark(marks, AUDIENCE, audience)
}

/**
 * Whether the current request is trusted test traffic, for code that writes data. It answers alike whether the
 * request's spans are sampled, recorded or suppressed, and with no SDK registered.
 *
 * @example const schema = isTestTraffic() ? 'test' : 'public'
 */
export function isTestTraffic(): boolean {
  return currentMarks()?.test ?? false
}

/** Marks of a new request. */
export function newMarks(): Marks {
  return { log: [], flags: 0, dropped: 0, packed: [], packedAt: 0, test: false, marker: undefined, taken: false }
}

/** The Marks of a Context or, failing that, of its span or, failing that, of the request that this code runs in. */
export function currentMarks(active: Context = context.active()): Marks | undefined {
  return marksIn(active) ?? marksOf(trace.getSpan(active)) ?? requests.getStore()
}

/** The Marks that a Context itself holds. */
export function marksIn(active: Context): Marks | undefined {
  return active.getValue(CONTEXT_KEY) as Marks | undefined
}

/** The same Context, holding these Marks. */
export function contextWithMarks(active: Context, marks: Marks): Context {
  return active.setValue(CONTEXT_KEY, marks)
}

/** Runs `next` with these Marks as the current ones, whether or not an SDK registered a context manager. */
export function runWithMarks<T>(marks: Marks, next: () => T): T {
  const active = context.active()
  if (marksIn(active) === marks) return next()
  return requests.run(marks, () => context.with(contextWithMarks(active, marks), next))
}

/** The Marks that a span was started with. */
export function marksOf(span: Partial<Linked> | Span | undefined): Marks | undefined {
  return (span as Partial<Linked> | undefined)?.[SPAN_MARKS]
}

/** Sets one mark. A value that is already there is written once. */
export function setMark(marks: Marks, key: string, value: string | boolean): void {
  const replaced = getMark(marks, key)
  if (replaced !== value) addMark(marks, key, value, replaced, undefined)
}

function addMark(
  marks: Marks,
  key: string,
  value: Mark['value'],
  replaced: Mark['replaced'],
  flag: string | undefined,
): void {
  if (marks.log.length < MAX_MARKS) marks.log.push({ key, value, replaced, flag })
  else if (flag !== undefined) marks.dropped++
}

/** The value that a request has for a key. */
export function getMark({ log }: Marks, key: string): string | boolean | undefined {
  for (let i = log.length - 1; i >= 0; i--) {
    const mark = log[i] as Mark
    if (mark.key === key) return mark.value
  }
  return undefined
}

/** Sets a flag's variant: `(mixed)` when the request already has another. */
export function setFlag(marks: Marks, key: string, variant: string): void {
  const attribute = flagAttribute(key)
  const before = getMark(marks, attribute)
  if (before === variant || before === MIXED) return
  if (before !== undefined) {
    addMark(marks, attribute, MIXED, before, key)
  } else if (marks.flags < MAX_FLAGS && isShort(key) && isShort(variant)) {
    marks.flags++
    addMark(marks, attribute, variant, undefined, key)
  } else {
    marks.dropped++
  }
}

/** Marks a request as trusted test traffic. */
export function setTest(marks: Marks, entity?: TestEntity): void {
  marks.test = true
  setMark(marks, TEST, true)
  setMark(marks, SYNTHETIC_TYPE, 'test')
  if (getMark(marks, TEST_CLAIMED) !== undefined) setMark(marks, TEST_CLAIMED, false)
  if (entity?.kind !== undefined) addEntity(marks, `${entity.kind}:${entity.id}`)
  if (isShort(entity?.run)) setMark(marks, TEST_RUN, entity.run)
}

/** Adds test entities, as `kind:id` joined by commas, to those the request has. */
export function addEntity(marks: Marks, entity: string): void {
  const before = getMark(marks, TEST_ENTITY)
  if (typeof before === 'string' && before.split(',').includes(entity)) return
  const entities = before === undefined ? entity : `${before},${entity}`
  if (isShort(entities)) setMark(marks, TEST_ENTITY, entities)
}

/** A span that carries its Marks, and how much of them it already has as attributes. */
export interface Linked {
  [SPAN_MARKS]: Marks
  [SPAN_READ]: number
}

// A symbol property on the span: a WeakMap costs 150 to 430 ns a span. The names are global, so that two copies
// of this package in one process share what they know.
export const SPAN_MARKS: unique symbol = Symbol.for('coalmine.marks') as never
export const SPAN_READ: unique symbol = Symbol.for('coalmine.marks.read') as never
const CONTEXT_KEY = createContextKey('coalmine.marks')
const STORAGE = Symbol.for('coalmine.requests')

// The Context alone is not enough: without an SDK nothing carries it, and an instrumentation may run a handler in a
// Context that it kept from before the Marks were put there.
const shared = globalThis as { [STORAGE]?: AsyncLocalStorage<Marks> }
shared[STORAGE] ??= new AsyncLocalStorage<Marks>()
const requests: AsyncLocalStorage<Marks> = shared[STORAGE]

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

function isShort(text: unknown): text is string {
  return typeof text === 'string' && text.length > 0 && text.length <= MAX_LENGTH
}

import {
  FLAG_PREFIX,
  TEST,
  TEST_CLAIMED,
  TEST_ENTITY,
  TEST_MARKER,
  TEST_REFUSED,
  TEST_RUN,
  VIA_PREFIX,
} from './attributes.ts'
import type { Build } from './build.ts'
import { addEntity, getMark, type Marks, maxLength, setFlag, setMark, setTest } from './marks.ts'
import { isPrintable } from './printable.ts'
import { isRunRevoked } from './run-revoked.ts'
import { maxMarker } from './signature.ts'

/** W3C Baggage: senders must not exceed this many bytes, and receivers ignore the rest. https://www.w3.org/TR/baggage/#limits */
const maxHeader = 8192
const maxEntries = 180
/** The most bytes we add, to leave room for the application's own baggage. */
const maxSent = 2048

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** How far to trust a request's baggage. */
interface BaggageTrust {
  readonly trusted: boolean
  readonly isRevoked?: ((run: string) => boolean | Promise<boolean>) | undefined
}

/**
 * Marks a request from its `baggage` header. If the sender is not trusted, a test marker becomes a claim and the rest is
 * ignored. Malformed, long or unknown entries are ignored. Never throws.
 *
 * @returns the signed marker among the entries, unverified
 * @example receiveBaggage(marks, 'coalmine.test=true,coalmine.via.shop=2.0.0', { trusted: true })
 */
export function receiveBaggage(marks: Marks, header: string | undefined, trust: BaggageTrust): string | undefined {
  if (header === undefined || !header.includes('coalmine.')) return undefined
  const entries = parse(header)
  if (entries.get(TEST) === 'true') receiveTest(marks, entries, trust)
  if (trust.trusted) {
    for (const [key, value] of entries) {
      if (key.startsWith(FLAG_PREFIX)) setFlag(marks, key.slice(FLAG_PREFIX.length), value)
      else if (key.startsWith(VIA_PREFIX)) setMark(marks, key, value)
    }
  }
  return entries.get(TEST_MARKER)
}

function receiveTest(marks: Marks, entries: ReadonlyMap<string, string>, { trusted, isRevoked }: BaggageTrust): void {
  const run = entries.get(TEST_RUN)
  const revoked = trusted && run !== undefined && isRunRevoked(run, isRevoked, Date.now())
  if (trusted && !revoked) {
    setTest(marks, run === undefined ? undefined : { run })
    for (const entity of entries.get(TEST_ENTITY)?.split(',') ?? []) addEntity(marks, entity)
  } else if (!marks.test) {
    setMark(marks, TEST_CLAIMED, true)
    if (revoked) setMark(marks, TEST_REFUSED, 'revoked')
  }
}

/**
 * Returns the baggage entries to send with a request: the signed marker, the rest of the test, the builds it passed through
 * including this one, then the named flags. Undefined if there is nothing to send.
 *
 * @example sendBaggage(marks, { service: 'shop', version: '2.0.0' }, []) // 'coalmine.via.shop=2.0.0'
 */
export function sendBaggage(
  marks: Marks,
  build: Build,
  flags: readonly string[],
  marker: string | undefined = marks.marker,
): string | undefined {
  const entries: string[] = []
  let size = 0
  const add = (key: string, value: unknown): void => {
    if (typeof value !== 'string' || !token.test(key)) return
    const entry = `${key}=${encodeURIComponent(value)}`
    size += entry.length + 1
    if (size <= maxSent) entries.push(entry)
  }
  if (marks.test) {
    add(TEST_MARKER, marker)
    add(TEST, 'true')
    add(TEST_RUN, getMark(marks, TEST_RUN))
    add(TEST_ENTITY, getMark(marks, TEST_ENTITY))
  }
  if (build.service !== undefined) add(VIA_PREFIX + build.service, build.version)
  for (const key of new Set(marks.log.marks.map((mark) => mark.key)))
    if (key.startsWith(VIA_PREFIX)) add(key, getMark(marks, key))
  for (const flag of flags) add(FLAG_PREFIX + flag, getMark(marks, FLAG_PREFIX + flag))
  return entries.length > 0 ? entries.join(',') : undefined
}

function parse(header: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const member of wholeMembers(header).split(',', maxEntries)) {
    const equals = member.indexOf('=')
    const key = member.slice(0, equals).trim()
    if (equals < 1 || !key.startsWith('coalmine.') || key.length > maxLength) continue
    const value = decode((member.slice(equals + 1).split(';', 1)[0] as string).trim())
    const longest = key === TEST_MARKER ? maxMarker : maxLength
    if (value !== undefined && value !== '' && value.length <= longest && isPrintable(value)) entries.set(key, value)
  }
  return entries
}

/**
 * Keeps as many whole members as the limit allows.
 *
 * @example wholeMembers('a=1,b=2') // 'a=1,b=2'; of 9,000 bytes the members that end within 8,192
 */
export function wholeMembers(header: string): string {
  return header.length <= maxHeader ? header : header.slice(0, header.lastIndexOf(',', maxHeader) + 1)
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

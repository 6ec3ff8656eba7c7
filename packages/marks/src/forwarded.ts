import { TEST_HEADER, TEST_MARKER } from './attributes.ts'
import { wholeMembers } from './baggage.ts'
import type { Marks } from './marks.ts'

/** The headers of an outgoing request. */
export interface OutgoingHeaders {
  get(name: string): string | undefined
  set(name: string, value: string): void
  remove(name: string): void
}

/**
 * Sets the baggage of an outgoing request: our entries first, then the application's own. Entries of ours that are already
 * there are the caller's, forwarded with its other headers as a gateway does: they are replaced, since nothing says that they
 * are true. Only a signed marker, which proves itself, goes on to a listed host.
 *
 * @param ours undefined if there is nothing to send
 * @returns whether a test marker was taken out, because its host is not listed
 * @example setBaggage(headers, marks, 'coalmine.test=true', true) // 'tenant=7' becomes 'coalmine.test=true,tenant=7'
 */
export function setBaggage(
  headers: OutgoingHeaders,
  marks: Marks,
  ours: string | undefined,
  isListed: boolean,
): boolean {
  const before = headers.get('baggage')
  const isForwarded = before?.includes('coalmine.') === true
  const theirs = isForwarded ? withoutOurs(before, isListed && !marks.test) : before
  if (ours !== undefined || isForwarded) {
    const all = wholeMembers([ours, theirs].filter(Boolean).join(',')).replace(/,$/, '')
    if (all !== '') headers.set('baggage', all)
    else if (before !== undefined) headers.remove('baggage')
  }
  if (isListed) return false
  const isHeaderForwarded = marks.header !== undefined && headers.get(TEST_HEADER) === marks.header
  if (isHeaderForwarded) headers.remove(TEST_HEADER)
  return isHeaderForwarded || (isForwarded && before.includes(TEST_MARKER))
}

function withoutOurs(baggage: string, isMarkerKept: boolean): string {
  const members = baggage.split(',').filter((member) => {
    const key = (member.split('=', 1)[0] as string).trim()
    return !key.startsWith('coalmine.') || (isMarkerKept && key === TEST_MARKER)
  })
  return members.join(',')
}

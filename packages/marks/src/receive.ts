import { TEST_CLAIMED, TEST_EXPIRES, TEST_HEADER, TEST_OWNER, TEST_REFUSED } from './attributes.ts'
import { receiveBaggage } from './baggage.ts'
import { addEntity, type Marks, setMark, setTest } from './marks.ts'
import { type MarkerTrust, verifyMarker } from './signature.ts'
import { type GetHeader, syntheticClient } from './synthetic.ts'

/** How far to believe what a request says of itself. */
export interface InboundTrust {
  /** Whether its sender is one's own: then everything that its baggage says is believed. */
  readonly trusted: boolean
  /** Whose signed markers are believed, whoever brings them. */
  readonly markers?: MarkerTrust | undefined
}

const defaultClockSkewMs = 30_000

/**
 * Marks an inbound request with what its headers say: a signed marker in `coalmine-test` or in the baggage, the
 * baggage itself, and which synthetic client sent it when the sender is trusted. What is not believed is at most a
 * claim.
 *
 * @example receiveMarks(marks, (name) => req.headers[name], { trusted: false, markers: { keys } })
 */
export function receiveMarks(marks: Marks, header: GetHeader, { trusted, markers }: InboundTrust): void {
  const carried = receiveBaggage(marks, header('baggage'), { trusted, isRevoked: markers?.isRevoked })
  const given = header(TEST_HEADER)
  if (given !== undefined) receiveMarker(marks, given, markers)
  else if (carried !== undefined) receiveCarried(marks, carried, trusted, markers)
  if (!trusted || marks.test) return
  const client = syntheticClient(header)
  if (client !== undefined) setTest(marks, { kind: 'client', id: client })
}

/**
 * A marker in baggage was believed by the service before this one. It may end on the way, and a request must not be a
 * test in one service and a user's in the next: so it gets twice the time.
 */
function receiveCarried(marks: Marks, text: string, trusted: boolean, markers: MarkerTrust | undefined): void {
  if (trusted && marks.test) marks.marker ??= text
  const clockSkewMs = 2 * (markers?.clockSkewMs ?? defaultClockSkewMs)
  receiveMarker(marks, text, markers && { ...markers, clockSkewMs })
}

function receiveMarker(marks: Marks, text: string, markers: MarkerTrust | undefined): void {
  if (marks.test) return
  const check = markers && verifyMarker(text, markers, Date.now())
  if (check?.kind !== 'trusted') {
    setMark(marks, TEST_CLAIMED, true)
    if (check) setMark(marks, TEST_REFUSED, check.why)
    return
  }
  const { run, entity, owner, expiresAt } = check.marker
  setTest(marks, run === undefined ? undefined : { run })
  if (owner !== undefined) setMark(marks, TEST_OWNER, owner)
  if (run !== undefined) setMark(marks, TEST_EXPIRES, new Date(expiresAt).toISOString())
  for (const each of entity?.split(',') ?? []) addEntity(marks, each)
  marks.marker = text
}

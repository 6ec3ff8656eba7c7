import { TEST_CLAIMED, TEST_EXPIRES, TEST_HEADER, TEST_OWNER, TEST_REFUSED } from './attributes.ts'
import { receiveBaggage } from './baggage.ts'
import { addEntity, type Marks, setMark, setTest } from './marks.ts'
import { type MarkerTrust, verifyMarker } from './signature.ts'
import { type GetHeader, syntheticClient } from './synthetic.ts'

/** How far to trust an inbound request's marks. */
export interface InboundTrust {
  /** Whether to trust the sender, and thus everything in its baggage. */
  readonly trusted: boolean
  /** Which signed markers to believe, whoever sends them. */
  readonly markers?: MarkerTrust | undefined
}

const defaultClockSkewMs = 30_000

/**
 * Marks an inbound request from its headers: a signed marker in `coalmine-test` or in the baggage, the baggage itself and,
 * if the sender is trusted, the synthetic client that sent it. Anything not believed is recorded as a claim at most.
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
 * A marker in baggage was accepted by the previous service and may expire on the way. A request must not be a test in one
 * service and a user's in the next, so twice the clock skew is allowed.
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

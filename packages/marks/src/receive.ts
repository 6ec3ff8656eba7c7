import { TEST_CLAIMED, TEST_EXPIRES, TEST_HEADER, TEST_OWNER, TEST_REFUSED } from './attributes.ts'
import { receiveBaggage } from './baggage.ts'
import { addEntity, type Marks, setMark, setTest } from './marks.ts'
import { type Marker, type MarkerTrust, type RefusalReason, verifyMarker } from './signature.ts'
import { type GetHeader, syntheticClient } from './synthetic.ts'

/** How far to trust an inbound request's marks. */
export interface InboundTrust {
  /** Whether to trust the sender, and thus everything in its baggage. */
  readonly trusted: boolean
  /** Which signed markers to believe, whoever sends them. */
  readonly markers?: MarkerTrust | undefined
}

const defaultClockSkewMs = 30_000

/** Maximum number of markers in one header. */
const mostMarkers = 4

/**
 * Marks an inbound request from its headers: a signed marker in `coalmine-test` or in the baggage, the baggage itself and,
 * if the sender is trusted, the synthetic client that sent it. Anything not believed is recorded as a claim at most.
 *
 * @example receiveMarks(marks, (name) => req.headers[name], { trusted: false, markers: { keys } })
 */
export function receiveMarks(marks: Marks, header: GetHeader, { trusted, markers }: InboundTrust): void {
  const carried = receiveBaggage(marks, header('baggage'), { trusted, isRevoked: markers?.isRevoked })
  if (trusted && marks.test) marks.marker ??= carried
  const given = header(TEST_HEADER)
  marks.header = given
  const texts = given === undefined ? [] : given.split(',', mostMarkers).map((text) => text.trim())
  if (carried !== undefined) texts.push(carried)
  if (texts.length > 0 && !marks.test) receiveMarkers(marks, texts.filter(Boolean), carried, markers)
  if (!trusted || marks.test) return
  const client = syntheticClient(header)
  if (client !== undefined) setTest(marks, { kind: 'client', id: client })
}

/**
 * The first marker that is believed counts: what stands between may have repeated the header, or added one of its own. A
 * marker in baggage was accepted by the previous service and may expire on the way. A request must not be a test in one
 * service and a user's in the next, so twice the clock skew is allowed.
 */
function receiveMarkers(
  marks: Marks,
  texts: readonly string[],
  carried: string | undefined,
  markers: MarkerTrust | undefined,
): void {
  let refused: RefusalReason | undefined
  for (const text of texts) {
    const clockSkewMs = (text === carried ? 2 : 1) * (markers?.clockSkewMs ?? defaultClockSkewMs)
    const check = markers && verifyMarker(text, { ...markers, clockSkewMs }, Date.now())
    if (check?.kind === 'trusted') {
      believe(marks, text, check.marker)
      return
    }
    refused ??= check?.why
  }
  if (texts.length > 0) setMark(marks, TEST_CLAIMED, true)
  if (refused !== undefined) setMark(marks, TEST_REFUSED, refused)
}

function believe(marks: Marks, text: string, { run, entity, owner, expiresAt }: Marker): void {
  setTest(marks, run === undefined ? undefined : { run })
  if (owner !== undefined) setMark(marks, TEST_OWNER, owner)
  if (run !== undefined) setMark(marks, TEST_EXPIRES, new Date(expiresAt).toISOString())
  for (const each of entity?.split(',') ?? []) addEntity(marks, each)
  marks.marker = text
}

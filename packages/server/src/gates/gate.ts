import { createHash } from 'node:crypto'
import type { ComparisonState, Outcome, PolicyInput, StartBody } from '@coalmine/comparator'
import { selector, text } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import { settledOutcome } from '../comparisons/state.ts'
import { ServerError } from '../errors.ts'
import { refuseUnknown } from '../unknown-keys.ts'
import { durationOf } from './duration.ts'

/** What a gate does if its comparison ends undecided: stay closed, or open. */
export type Otherwise = 'halt' | 'go'

/** A delivery tool's request to a gate: the release, and how to compare it. */
export interface GateRequest {
  /** The tool, such as `flagger`. */
  readonly tool: string
  /** What is delivered, such as `default/shop`: a new run supersedes the one before. */
  readonly subject: string
  /** One release of it; repeated requests with the same run share one comparison. Undefined if the tool does not know. */
  readonly run: string | undefined
  readonly body: StartBody
  readonly otherwise: Otherwise
  /** Labels that the tool attaches to the comparison. */
  readonly labels?: Readonly<Record<string, string>>
}

/** A gate's answer. */
export interface GateAnswer {
  readonly state: ComparisonState
  /** The settled outcome; `running` until there is one. */
  readonly verdict: Outcome | 'running'
  /** Whether the last look says PASS, though that may not be final. */
  readonly passesNow: boolean
  /** Whether the release may proceed for good: a PASS, or an undecided comparison at the deadline if the gate opens then. */
  readonly opens: boolean
  /** Why, in one line. */
  readonly why: string
}

const labelOf = { tool: 'gate', subject: 'gate.subject', run: 'gate.run' } as const

/** Without a run, a comparison that ended longer ago than this belongs to an earlier release. */
const staleMs = 3_600_000

// Tools ask as soon as they start, before images are pulled and pods are up.
const firstSpansMs = 15 * 60_000

/**
 * Reads a gate's settings. All are strings, because the fields of delivery tools are. `for` is the gate's deadline.
 *
 * @param given `service`, `stable` and `canary`; optionally `traffic`, `for`, `otherwise`, `earlyPass` and `policy`, which may be JSON
 * in a string.
 * Throws a ServerError of kind `usage` that names the key.
 */
export function parseGate(given: Readonly<Record<string, unknown>>): Pick<GateRequest, 'body' | 'otherwise'> {
  const { service, stable, canary, otherwise = 'halt', for: deadline, traffic, earlyPass, policy, ...unknown } = given
  refuseUnknown(unknown, ['service', 'stable', 'canary', 'traffic', 'for', 'otherwise', 'earlyPass', 'policy'])
  if (otherwise !== 'halt' && otherwise !== 'go')
    throw new ServerError('usage', `otherwise: expected halt or go, got ${JSON.stringify(otherwise)}`)
  return {
    otherwise,
    body: {
      service: text(service, 'service'),
      stable: selector(stable, 'stable'),
      canary: selector(canary, 'canary'),
      ...(traffic !== undefined && { traffic: text(traffic, 'traffic') }),
      ...(deadline !== undefined && { forMs: durationOf(deadline, 'for') }),
      ...(earlyPass !== undefined && { earlyPass: flagOf(earlyPass) }),
      ...(policy !== undefined && { policy: policyOf(policy) }),
    },
  }
}

function flagOf(value: unknown): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new ServerError('usage', `earlyPass: expected true or false, got ${JSON.stringify(value)}`)
}

function policyOf(value: unknown): PolicyInput {
  if (typeof value !== 'string') return value as PolicyInput
  try {
    return JSON.parse(value) as PolicyInput
  } catch (cause) {
    throw new ServerError('usage', `policy: expected JSON, got ${JSON.stringify(value)}`, { cause })
  }
}

/**
 * The current comparison of a release. It has to be the newest of its subject: the same release coming back after another one is a
 * new release, and an earlier verdict does not let it through.
 */
export function comparisonOf(
  comparisons: Comparisons,
  { tool, subject, run, body }: GateRequest,
  nowMs: number,
): ComparisonState | undefined {
  const newest = comparisons
    .list()
    .find(({ labels }) => labels[labelOf.tool] === tool && labels[labelOf.subject] === subject)
  if (!newest) return undefined
  const { labels, service, stable, canary, endedAt } = newest
  const isSame =
    run === undefined
      ? service === body.service &&
        stable === body.stable &&
        canary === body.canary &&
        (endedAt === null || nowMs - Date.parse(endedAt) < staleMs)
      : labels[labelOf.run] === run
  return isSame ? newest : undefined
}

/** Starts or finds the comparison of a release; those of earlier runs of the same subject are stopped. */
export async function startedFor(
  comparisons: Comparisons,
  request: GateRequest,
  nowMs: number,
  callerName: string | null,
): Promise<ComparisonState> {
  const found = comparisonOf(comparisons, request, nowMs)
  if (found) return found
  const { tool, subject, run = '', body, labels: more } = request
  for (const { id, state, labels } of comparisons.list())
    if (state === 'running' && labels[labelOf.tool] === tool && labels[labelOf.subject] === subject)
      await comparisons.stop(id, callerName)
  const labels = { ...more, [labelOf.tool]: tool, [labelOf.subject]: subject, [labelOf.run]: run }
  // Selectors may name a deployment rather than a build, and what it served before was another release.
  const window = { start: new Date(nowMs).toISOString() }
  const key = `gate ${tool} ${createHash('sha256')
    .update(JSON.stringify([subject, run]))
    .digest('hex')}`
  const started = await comparisons.start({ window, waitMs: firstSpansMs, ...body, labels, key }, callerName)
  return started.state
}

/** The gate's answer for a comparison. An undecided one never opens the gate, unless `otherwise` says so. */
export function answerOf(state: ComparisonState, otherwise: Otherwise): GateAnswer {
  const verdict = settledOutcome(state)
  const isUndecided = verdict === 'inconclusive'
  const opens = verdict === 'pass' || (isUndecided && otherwise === 'go')
  const reason = oneLine(state.reason ?? 'it has not been judged yet')
  const told = isUndecided ? `; the gate is set to ${otherwise === 'go' ? 'open' : 'stay closed'} in that case` : ''
  return {
    state,
    verdict,
    passesNow: state.outcome === 'pass',
    opens,
    why: `${verdict === 'running' ? 'still running' : verdict.toUpperCase()}: ${reason}${told}`,
  }
}

// Tools show the message in tables and events, and it contains untrusted names.
function oneLine(message: string): string {
  const line = message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length > 400 ? `${line.slice(0, 399)}…` : line
}

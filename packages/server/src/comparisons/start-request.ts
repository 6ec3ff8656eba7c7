import type { ComparisonBody, RunLimits } from '@coalmine/comparator'
import { type ComparisonRequest, cohortsAsked, parseRequest } from '../compare/request.ts'
import { ServerError } from '../errors.ts'

export type { RunLimits } from '@coalmine/comparator'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** A validated request to run a comparison. */
export interface StartRequest {
  /** The original request, for resuming after a restart. */
  readonly asked: ComparisonBody
  readonly request: ComparisonRequest
  readonly limits: RunLimits
  /** Labels for the page, notifications and people, such as commit, author, pipeline. */
  readonly labels: Readonly<Record<string, string>>
  /** Identifies the comparison: one with the same key is not started twice. */
  readonly key: string
}

/**
 * Validates the body of `POST /api/comparisons`: that of `POST /api/compare`, plus when the comparison ends.
 *
 * Throws a ServerError of kind `usage` that names the key.
 */
export function parseStart(body: unknown): StartRequest {
  if (typeof body !== 'object' || body === null) throw usage('expected a JSON object with service, stable and canary')
  const { forMs, waitMs, idleMs, earlyPass = false, labels = {}, key, ...asked } = body as Record<string, unknown>
  const request = parseRequest(asked, ['forMs', 'waitMs', 'idleMs', 'earlyPass', 'labels', 'key'])
  if (request.sinceMs !== undefined)
    throw usage(
      'window.sinceMs slides the window, which a running comparison, judged again and again, does not allow: leave it out',
    )
  if (request.stableWindowMs !== undefined)
    throw usage('stableWindowMs is for a single look: a running comparison needs stable beside the canary')
  if (request.policy.mode !== 'sequential')
    throw usage(
      'policy.mode: a running comparison is judged again and again, and a fixed test allows one look: leave it out',
    )
  if (typeof earlyPass !== 'boolean') throw usage(`earlyPass: expected true or false, got ${JSON.stringify(earlyPass)}`)
  const limits = {
    forMs: time(forMs, 'forMs', 30 * minuteMs, 7 * dayMs),
    waitMs: time(waitMs, 'waitMs', minuteMs, dayMs),
    idleMs: time(idleMs, 'idleMs', 15 * minuteMs, dayMs),
    earlyPass,
  }
  return {
    asked: asked as unknown as ComparisonBody,
    request,
    limits,
    labels: labelsOf(labels),
    key: key === undefined ? keyOf(request, limits) : keyGiven(key),
  }
}

/** The key under which two requests are the same comparison. */
function keyOf(request: ComparisonRequest, { forMs, earlyPass }: RunLimits): string {
  const { start, end, interact, policy } = request
  return JSON.stringify([cohortsAsked(request), start, end, interact, policy, forMs, earlyPass])
}

function keyGiven(key: unknown): string {
  if (typeof key === 'string' && key !== '' && key.length <= 200) return key
  throw usage(`key: expected text of 200 characters at most, got ${JSON.stringify(key)}`)
}

function time(value: unknown, name: string, usual: number, most: number): number {
  if (value === undefined) return usual
  if (typeof value === 'number' && value >= 0 && value <= most) return value
  throw usage(`${name}: expected milliseconds, at most ${most} (${most / dayMs} days), got ${JSON.stringify(value)}`)
}

const mostLabels = 20
const longestLabel = 500

function labelsOf(labels: unknown): Readonly<Record<string, string>> {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    throw usage('labels: expected an object of texts')
  const entries = Object.entries(labels)
  if (entries.length > mostLabels) throw usage(`labels: expected at most ${mostLabels}, got ${entries.length}`)
  for (const [name, value] of entries)
    if (typeof value !== 'string' || value.length > longestLabel)
      throw usage(`labels.${name}: expected text of ${longestLabel} characters at most`)
  return labels as Readonly<Record<string, string>>
}

function usage(message: string): ServerError {
  return new ServerError('usage', message)
}

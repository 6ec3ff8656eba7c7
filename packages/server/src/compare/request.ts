import {
  comparedScopes,
  fewestDays,
  type Policy,
  parsePolicy,
  problemsText,
  type RampStage,
  type Slo,
  type Traffic,
  traffics,
} from '@coalmine/comparator'
import { type ComparedSide, type Comparison, formatSelector, parseSelector } from '@coalmine/store'
import { rampIn, slosIn } from '../budgets/read-slos.ts'
import { ServerError } from '../errors.ts'
import { refuseUnknown } from '../unknown-keys.ts'
import { refuseMeasures } from './own-measures.ts'

const longestSinceMs = 3_660 * 86_400_000

/** A validated request for a comparison: times are milliseconds since 1970, and selectors are normalised. */
export interface ComparisonRequest extends Comparison {
  readonly traffic: Traffic
  readonly audience: readonly string[]
  readonly side: ComparedSide
  readonly start: number | undefined
  readonly end: number | undefined
  readonly sinceMs: number | undefined
  readonly stableWindowMs: number | undefined
  /** The distance between those windows, if not a day. */
  readonly stableStepMs?: number
  readonly interact: readonly string[]
  readonly policy: Policy
  /** Null for the server's own objectives. */
  readonly slos: readonly Slo[] | null
  readonly ramp: readonly RampStage[]
}

/** Identifies a comparison within the store, independent of the time of a look. */
export function cohortsAsked({
  service,
  stable,
  canary,
  traffic,
  audience,
  side,
}: ComparisonRequest): Pick<ComparisonRequest, 'service' | 'stable' | 'canary' | 'traffic' | 'audience' | 'side'> {
  return { service, stable, canary, traffic, audience, side }
}

const known = [
  'service',
  'stable',
  'canary',
  'traffic',
  'audience',
  'scope',
  'interact',
  'stableWindowMs',
  'window',
  'policy',
  'slo',
  'ramp',
]

/**
 * Validates the body of `POST /api/compare`.
 *
 * @param alsoKnown keys that have been taken out of it already.
 * Throws a ServerError, or a StoreError, of kind `usage` that names the key.
 */
export function parseRequest(body: unknown, alsoKnown: readonly string[] = []): ComparisonRequest {
  if (typeof body !== 'object' || body === null) throw usage('expected a JSON object with service, stable and canary')
  const {
    service,
    stable,
    canary,
    traffic,
    audience,
    scope,
    interact,
    stableWindowMs,
    window = {},
    policy: input,
    slo,
    ramp,
    ...unknown
  } = body as Record<string, unknown>
  refuseUnknown(unknown, [...known, ...alsoKnown])
  if (typeof window !== 'object' || window === null) throw usage('window: expected an object')
  const { sinceMs, start, end, ...strange } = window as Record<string, unknown>
  refuseUnknown(strange, ['sinceMs', 'start', 'end'], { within: 'window.' })
  if (sinceMs !== undefined && !(typeof sinceMs === 'number' && sinceMs > 0 && sinceMs <= longestSinceMs))
    throw usage('window.sinceMs: expected a number above zero, of ten years at most')
  const parsed = parsePolicy(input)
  if (parsed.kind === 'problems') throw usage(problemsText(parsed.problems))
  const side = sideOf(scope)
  refuseMeasures(parsed.policy, side)
  return {
    service: text(service, 'service'),
    stable: selector(stable, 'stable'),
    canary: selector(canary, 'canary'),
    traffic: trafficOf(traffic),
    audience: audiences(audience),
    side,
    interact: flagsAsked(interact),
    stableWindowMs: stableWindow(stableWindowMs),
    sinceMs: sinceMs as number | undefined,
    start: moment(start, 'window.start'),
    end: moment(end, 'window.end'),
    policy: parsed.policy,
    slos: slo === undefined ? null : slosIn(slo, text(service, 'service')),
    ramp: rampIn(ramp),
  }
}

/** Reads a non-empty string. Throws a ServerError of kind `usage` that names the key. */
export function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw usage(`${name}: expected text, got ${JSON.stringify(value) ?? 'nothing'}`)
}

/** Normalises a selector, whatever the order and encoding of its parts, so that equal selectors are equal strings. */
export function selector(value: unknown, name: string): string {
  const conditions = parseSelector(text(value, name))
  return formatSelector(conditions.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)))
}

/** Reads whose requests to compare; those of users by default. Throws a ServerError of kind `usage`. */
export function trafficOf(value: unknown = 'users'): Traffic {
  const known = traffics.find((one) => one === value)
  if (known) return known
  throw usage(`traffic: expected one of ${traffics.join(', ')}, got ${JSON.stringify(value)}`)
}

/** Reads the scope, as users call it: `requests` or `downstream`. */
function sideOf(value: unknown = 'requests'): ComparedSide {
  const known = comparedScopes.find((one) => one === value)
  if (known) return known === 'downstream' ? 'calls' : known
  throw usage(`scope: expected one of ${comparedScopes.join(', ')}, got ${JSON.stringify(value)}`)
}

/** Reads audiences, deduplicated and sorted, so that the same audiences make the same comparison. */
export function audiences(value: unknown = []): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== ''))
    return [...new Set(value as string[])].sort()
  throw usage(`audience: expected a list of texts, got ${JSON.stringify(value)}`)
}

const dayMs = 86_400_000

function stableWindow(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= fewestDays * dayMs && value <= 60 * dayMs) return value
  throw usage(`--stable-window: expected from ${fewestDays} to 60 days, such as 7d`)
}

function flagsAsked(value: unknown = []): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')) return value as string[]
  throw usage(`interact: expected a list of flag keys, got ${JSON.stringify(value)}`)
}

/** Reads an ISO 8601 time as milliseconds since 1970; undefined if left out. Throws a ServerError of kind `usage` that names the key. */
export function moment(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time))
    throw usage(`${name}: expected a moment such as 2026-11-20T10:00:00Z, got ${JSON.stringify(value)}`)
  return time
}

function usage(message: string): ServerError {
  return new ServerError('usage', message)
}

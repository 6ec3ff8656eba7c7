import {
  type ComparedScope,
  comparedScopes,
  fewestDays,
  judge,
  type Policy,
  parsePolicy,
  type Traffic,
  traffics,
  type Verdict,
} from '@coalmine/comparator'
import {
  type Comparison,
  formatSelector,
  type OperationTicks,
  parseSelector,
  type Store,
  type WarmUp,
  warmUpOf,
} from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { compareWithDays } from './before-after.ts'
import { errorTypeTicks } from './error-types.ts'
import { explained } from './explain.ts'
import { factsOf } from './facts.ts'
import { fairnessFacts } from './fairness.ts'
import { lookAt } from './looks.ts'
import { measuredSlices, refuseMeasures } from './measured.ts'
import { slicesOf } from './slices.ts'
import { structureTicks } from './structure.ts'

/** What a comparison's request says, once it is known to be sound. */
export interface ComparisonRequest {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly traffic: Traffic
  readonly audience: readonly string[]
  readonly scope: ComparedScope
  readonly sinceMs: number | undefined
  readonly start: number | undefined
  readonly end: number | undefined
  /** Stable is the same hours of earlier days, so far back; undefined where it ran beside the canary. */
  readonly stableWindowMs: number | undefined
  /** Only these operations are judged; every one, when undefined. */
  readonly operations: readonly string[] | undefined
  /** Flags whose part in the finding with the most evidence is told, whatever the verdict. */
  readonly interact: readonly string[]
  readonly policy: Policy
}

/** `POST /api/compare`: a verdict on what the store has now, of two cohorts of a service. */
export function registerCompare(app: FastifyInstance, context: Context): void {
  app.post('/api/compare', async ({ body }) => {
    const request = parseRequest(body)
    const withDays = await compareWithDays(request, context)
    const verdict = withDays ?? (await compareSideBySide(request, context))
    await remember(verdict, request, context)
    context.metrics.judged(verdict)
    return verdict
  })
}

async function compareSideBySide(request: ComparisonRequest, context: Context): Promise<Verdict> {
  return explained(await compare(request, context), request, context)
}

/** How users' requests fared settles what later builds are compared with. */
async function remember(
  { verdict }: Verdict,
  { service, stable, canary, traffic, audience, scope }: ComparisonRequest,
  { store }: Context,
): Promise<void> {
  if (verdict !== 'pass' && verdict !== 'fail') return
  const ofUsers = traffic === 'users' && audience.length === 0 && scope === 'requests'
  if (ofUsers) await store.memory.rememberVerdict({ service, stable, canary, verdict })
}

async function compare(request: ComparisonRequest, { store, now, version }: Context): Promise<Verdict> {
  const { service, sinceMs, end, policy } = request
  const { stable, canary, traffic, audience, scope } = request
  const chosen = { service, stable, canary, traffic, audience, scope }
  const start = request.start ?? (sinceMs === undefined ? await store.memory.start(chosen) : now() - sinceMs)
  const comparison: Comparison = { ...chosen, operations: request.operations, start, end }
  const finding = store.cohorts.facts(comparison)
  const living = store.cohorts.instances(comparison, finding)
  const warmUp = living.then((instances) => warmUpOf(instances ?? [], policy.warmUp))
  const [found, instances, operations, flagShares, builds] = await Promise.all([
    finding,
    living,
    operationsOf(store, comparison, warmUp),
    finding.then(() => store.cohorts.flagShares(comparison)),
    finding.then((found) => store.cohorts.builds(comparison, found)),
    // Awaited here too, where reading ticks may fail before it asks.
    warmUp,
  ])
  const [fairness, structure, measured] = await Promise.all([
    fairnessFacts(store, comparison, { found, instances, operations, builds, warmUp: policy.warmUp, now: now() }),
    scope === 'requests' ? structureTicks(store, comparison, operations) : undefined,
    measuredSlices(store, comparison, policy),
  ])
  const facts = factsOf(
    request,
    found,
    flagShares,
    { start, end },
    {
      version,
      now: now(),
      anchored: isAnchored(request, start, store, now()),
    },
  )
  const empty = found.stable.requests === 0 || found.canary.requests === 0
  const known = empty ? { known: await store.services.known(service) } : {}
  const errorTypes = errorTypeTicks(operations)
  return judge(chained(slicesOf(operations), measured.slices), policy, {
    ...(await lookAt(store, chosen, facts, policy)),
    ...facts,
    fairness,
    errorTypes,
    structure,
    spansOnly: store.access === 'spans',
    values: measured.values,
    ...known,
  })
}

async function operationsOf(store: Store, comparison: Comparison, warmUp: Promise<WarmUp>): Promise<OperationTicks[]> {
  const operations: OperationTicks[] = []
  for await (const operation of store.ticks.read(comparison, warmUp).operations) operations.push(operation)
  return operations
}

/** Whether later looks at the comparison start where this one does. */
function isAnchored(
  { start: named, sinceMs }: ComparisonRequest,
  start: number | undefined,
  store: Store,
  now: number,
): boolean {
  if (sinceMs !== undefined) return false
  // Nothing remembers where it began, and only the last day was looked at: an older canary's start slides with it.
  const slides = store.access === 'spans' && named === undefined && start !== undefined && now - start > dayMs - 600_000
  return !slides
}

function* chained<T>(...all: readonly Iterable<T>[]): Generator<T> {
  for (const some of all) yield* some
}

function parseRequest(body: unknown): ComparisonRequest {
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
    ...unknown
  } = body as Record<string, unknown>
  const [stray] = Object.keys(unknown)
  if (stray !== undefined)
    throw usage(
      `${stray}: unknown key; expected service, stable, canary, traffic, audience, scope, interact, stableWindowMs, window, policy`,
    )
  if (typeof window !== 'object' || window === null) throw usage('window: expected an object')
  const { sinceMs, start, end, ...strange } = window as Record<string, unknown>
  const [odd] = Object.keys(strange)
  if (odd !== undefined) throw usage(`window.${odd}: unknown key; expected sinceMs, start, end`)
  if (sinceMs !== undefined && !(typeof sinceMs === 'number' && sinceMs > 0))
    throw usage('window.sinceMs: expected a number above zero')
  const parsed = parsePolicy(input)
  if (parsed.kind === 'problems') {
    throw usage(parsed.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
  }
  const compared = scopeOf(scope)
  refuseMeasures(parsed.policy, compared)
  return {
    service: text(service, 'service'),
    stable: selector(stable, 'stable'),
    canary: selector(canary, 'canary'),
    traffic: trafficOf(traffic),
    audience: audiences(audience),
    scope: compared,
    interact: flagsAsked(interact),
    stableWindowMs: stableWindow(stableWindowMs),
    operations: undefined,
    sinceMs: sinceMs as number | undefined,
    start: moment(start, 'window.start'),
    end: moment(end, 'window.end'),
    policy: parsed.policy,
  }
}

export function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw usage(`${name}: expected text, got ${JSON.stringify(value) ?? 'nothing'}`)
}

/** A selector in one spelling, whatever the order of its parts and their encoding: two that are the same read the same. */
export function selector(value: unknown, name: string): string {
  const conditions = parseSelector(text(value, name))
  return formatSelector(conditions.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)))
}

export function trafficOf(value: unknown = 'users'): Traffic {
  const known = traffics.find((one) => one === value)
  if (known) return known
  throw usage(`traffic: expected one of ${traffics.join(', ')}, got ${JSON.stringify(value)}`)
}

function scopeOf(value: unknown = 'requests'): ComparedScope {
  const known = comparedScopes.find((one) => one === value)
  if (known) return known
  throw usage(`scope: expected one of ${comparedScopes.join(', ')}, got ${JSON.stringify(value)}`)
}

/** Each once and in order, so that the same audiences are the same comparison. */
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

import {
  type Facts,
  type Judged,
  judgeInSteps,
  judgeToGoOn,
  type NextTicks,
  tickMs,
  type Verdict,
} from '@coalmine/comparator'
import { type Comparison, type Store, type WarmUp, warmUpOf } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import { withBudget } from '../budgets/with-budget.ts'
import type { Context } from '../context.ts'
import { inTurn } from '../turns.ts'
import { compareWithDays } from './before-after.ts'
import { doubted } from './doubts.ts'
import { errorTypeTicks } from './error-types.ts'
import { explained } from './explain.ts'
import { factsOf } from './facts.ts'
import { fairnessFacts } from './fairness.ts'
import { inTurns } from './in-turns.ts'
import { lookAt } from './looks.ts'
import { measuredSlices } from './own-measures.ts'
import { type ComparisonRequest, cohortsAsked, parseRequest } from './request.ts'
import { type Reader, slicesOf, withInnerErrors } from './slices.ts'
import { structureTicks } from './structure.ts'
import { chained, readWindow } from './window.ts'

/** `POST /api/compare`: a verdict on two cohorts of a service, from what the store has now. */
export function registerCompare(app: FastifyInstance, context: Context): void {
  app.post(
    '/api/compare',
    inTurn(context.turns, async ({ body }) => judgedNow(parseRequest(body), context)),
  )
}

/** Judges what the store has now. */
export async function judgedNow(request: ComparisonRequest, context: Context): Promise<Verdict> {
  const withDays = await compareWithDays(request, context)
  const verdict = await withBudget(withDays ?? (await compareSideBySide(request, context)), request, context)
  await remember(verdict, request, context)
  context.metrics.judged(verdict)
  return verdict
}

/** A verdict on the whole request, with what later looks need to continue from it. */
export interface WholeLook {
  readonly verdict: Verdict
  /** Null if there is nothing to continue from. */
  readonly next: NextTicks | null
  /** The start of the comparison, in milliseconds since 1970; undefined while the canary has served nothing. */
  readonly startMs: number | undefined
  /** Whose latency is left out as warm-up, and until when. */
  readonly warmUp: WarmUp
}

/** Judges what the store has up to the request's end, so that later looks can continue from there. */
export async function judgedToGoOn(request: ComparisonRequest, context: Context): Promise<WholeLook> {
  const compared = await wholeLook(request, context, judgeToGoOn)
  const verdict = await withBudget(await explained(compared.verdict, request, context), request, context)
  await remember(verdict, request, context)
  context.metrics.judged(verdict)
  return { ...compared, verdict }
}

const dayMs = 86_400_000

async function compareSideBySide(request: ComparisonRequest, context: Context): Promise<Verdict> {
  return explained(await compare(request, context), request, context)
}

/** Remembers how a build fared with users' requests, which decides what later builds are compared with. */
async function remember(
  { verdict }: Verdict,
  { service, stable, canary, traffic, audience, side }: ComparisonRequest,
  { store }: Context,
): Promise<void> {
  if (verdict !== 'pass' && verdict !== 'fail') return
  const ofUsers = traffic === 'users' && audience.length === 0 && side === 'requests'
  if (ofUsers) await store.memory.rememberVerdict({ service, stable, canary, verdict })
}

/** Judges a whole window, without explaining the verdict. `read` sees the input of the last judgement. */
export async function compare(
  request: ComparisonRequest,
  context: Context,
  read: Reader = (slices) => slices,
): Promise<Verdict> {
  const judging: Judging = function* (slices, policy, facts) {
    const seen = read(slices, facts)
    const judged = yield* judgeInSteps(seen, policy, facts)
    const again: Judged['again'] = (doubts) => {
      read(seen, facts.fairness ? { ...facts, fairness: { ...facts.fairness, ...doubts } } : facts)
      return judged.again(doubts)
    }
    return { ...judged, again }
  }
  return (await wholeLook(request, context, judging)).verdict
}

type Judging = typeof judgeToGoOn

async function wholeLook(request: ComparisonRequest, context: Context, judging: Judging): Promise<WholeLook> {
  const { store, now, version } = context
  const { service, sinceMs, end, side, policy } = request
  const cohorts = cohortsAsked(request)
  const start = request.start ?? (sinceMs === undefined ? await store.memory.start(cohorts) : now() - sinceMs)
  const asked: Comparison = { ...cohorts, start, end }
  const finding = store.cohorts.facts(asked)
  if (start === undefined) {
    const { firstMs } = (await finding).canary
    // The canary's first tick closed after its start was queried: what the service did before that is not part of this.
    if (firstMs !== undefined) {
      const known = (await store.memory.start(cohorts)) ?? Math.floor(firstMs / tickMs) * tickMs
      return wholeLook({ ...request, start: known }, context, judging)
    }
  }
  const [{ found, instances, shortLived, operations, comparison }, flagShares, builds] = await Promise.all([
    readWindow(store, asked, policy, finding),
    finding.then(() => store.cohorts.flagShares(asked)),
    finding.then((found) => store.cohorts.builds(asked, found)),
  ])
  const [fairness, structure, measured, late] = await Promise.all([
    fairnessFacts(store, comparison, { found, instances, operations, builds, warmUp: policy.warmUp, now: now() }),
    side === 'requests' ? structureTicks(store, comparison, operations) : undefined,
    measuredSlices(store, comparison, policy),
    found.late > 0 ? store.ticks.late(asked) : [],
  ])
  const { stable, canary } = found
  const known = stable.requests === 0 || canary.requests === 0 ? await store.services.known(service) : undefined
  // If nothing was found, the search covered all that the service has.
  const looked = stable.requests === 0 && canary.requests === 0 ? known?.served : undefined
  const facts = factsOf(
    request,
    found,
    flagShares,
    { start: start ?? looked?.startMs, end: end ?? looked?.endMs },
    { version, now: now(), anchored: isAnchored(request, start, store, now()) },
  )
  const errorTypes = errorTypeTicks(operations, 'errorTypes')
  const clientCodes = errorTypeTicks(operations, 'clientCodes')
  const all: Facts = {
    ...(await lookAt(store, cohorts, facts, policy)),
    ...facts,
    fairness,
    late,
    errorTypes,
    clientCodes,
    structure,
    spansOnly: store.access === 'spans',
    ...(shortLived && { shortLivedInstances: true }),
    values: measured.values,
    ...(known && { known }),
  }
  const slices = chained(slicesOf(operations, withInnerErrors(operations, policy)), measured.slices)
  const judged = await inTurns(judging(slices, policy, all))
  // Ticks that close meanwhile are not part of this look.
  const sameWindow = { ...comparison, end: Date.parse(facts.window.end) }
  const verdict = await doubted(judged.verdict, all, {
    store,
    comparison: sameWindow,
    policy,
    instances: instances ?? [],
    judgeAgain: (doubts) => inTurns(judged.again(doubts)),
  })
  return {
    verdict,
    next: verdict === judged.verdict ? judged.next : null,
    startMs: start,
    warmUp: warmUpOf(instances ?? [], policy.warmUp),
  }
}

/** Whether later looks at the comparison start at the same moment as this one. */
function isAnchored(
  { start: named, sinceMs }: ComparisonRequest,
  start: number | undefined,
  store: Store,
  now: number,
): boolean {
  if (sinceMs !== undefined) return false
  // Its beginning is not remembered, and only the last day was read: the start of an older canary slides along.
  const slides = store.access === 'spans' && named === undefined && start !== undefined && now - start > dayMs - 600_000
  return !slides
}

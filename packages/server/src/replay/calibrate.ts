import {
  cellsOf,
  type Effect,
  type InstanceTraffic,
  type Placebo,
  type ReplayAnswer,
  replayInstances,
  replaySplits,
} from '@coalmine/comparator'
import type { Store } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import { slicesOf } from '../compare/slices.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'
import { above, effectOf, inSteps } from './plan.ts'
import { type StableTraffic, stableRequest, stableTraffic } from './stable-traffic.ts'

/** The replays of one call: some canaries split off at random, or every instance against the others. */
export type Replay =
  | {
      readonly kind: 'splits'
      readonly share: number
      /** Such as `latency=25%`. Default: canaries like stable. */
      readonly effect?: string
      readonly first: number
      readonly count: number
    }
  | { readonly kind: 'instances' }

/** The results of the replays of one call. */
export interface CalibrateAnswer {
  /** ISO 8601, UTC. */
  readonly window: { readonly start: string; readonly end: string }
  readonly answers: readonly ReplayAnswer[]
  /** Null if splits were replayed, or instances cannot be told apart. */
  readonly placebo: Placebo | null
}

type ReplayRequest =
  | {
      readonly kind: 'splits'
      readonly share: number
      readonly effect: Effect | null
      readonly first: number
      readonly count: number
    }
  | { readonly kind: 'instances' }

/** The maximum of replays in one call, so that callers can show progress between calls. */
const mostReplays = 100

/** How many of the busiest instances and operations to read, and in how many blocks: enough to tell hosts apart. */
const lookedAt = { instances: 10, operations: 5, blocks: 240 }

/**
 * `POST /api/calibrate`: replays imaginary canaries on stable's own traffic. Stateless: the same call gives the same
 * answers.
 */
export function registerCalibrate(app: FastifyInstance, { store, turns }: Context): void {
  app.post(
    '/api/calibrate',
    inTurn(turns, async ({ body }): Promise<CalibrateAnswer> => {
      const { replay, forSeconds, seed, ...rest } = Object(body) as Record<string, unknown>
      const stable = stableRequest(rest)
      const request = replayOf(replay)
      const seconds = above(forSeconds, 'forSeconds')
      const traffic = await stableTraffic(store, stable)
      const window = { start: new Date(traffic.startMs).toISOString(), end: new Date(traffic.endMs).toISOString() }
      if (request.kind === 'instances') {
        const cells = await instanceTraffic(store, traffic, stable.policy.warmUp)
        return { window, answers: [], placebo: await inSteps(replayInstances(cells, stable.policy, seconds)) }
      }
      const { share, effect, first, count } = request
      const options = { share, effect, forSeconds: seconds, seed: above(seed, 'seed') }
      const cells = cellsOf(slicesOf([...traffic.operations]))
      return {
        window,
        answers: await inSteps(replaySplits(cells, stable.policy, options, first, count)),
        placebo: null,
      }
    }),
  )
}

async function instanceTraffic(
  store: Store,
  { comparison, operations }: StableTraffic,
  warmUpSeconds: number,
): Promise<readonly InstanceTraffic[]> {
  const lives = (await store.cohorts.instances(comparison, await store.cohorts.facts(comparison))) ?? []
  const most = [...lives].sort((a, b) => b.requests - a.requests).slice(0, lookedAt.instances)
  if (most.length < 3) return []
  const served = operations
    .map(({ operation, ticks }) => ({ operation, n: ticks.reduce((sum, { stable }) => sum + stable.traces, 0) }))
    .sort((a, b) => b.n - a.n)
    .slice(0, lookedAt.operations)
  return store.ticks.instanceCells(comparison, {
    instances: most,
    operations: served.map(({ operation }) => operation),
    blocks: lookedAt.blocks,
    warmUpSeconds,
  })
}

function replayOf(value: unknown): ReplayRequest {
  const { kind, share, effect, first, count } = Object(value) as Record<string, unknown>
  if (kind === 'instances') return { kind }
  const sound =
    kind === 'splits' &&
    typeof share === 'number' &&
    share > 0 &&
    share < 1 &&
    Number.isInteger(first) &&
    Number.isInteger(count) &&
    Number(count) <= mostReplays
  if (!sound) {
    throw new ServerError(
      'usage',
      `replay: expected { kind: "instances" }, or "splits" with share, first and count up to ${mostReplays}`,
    )
  }
  return {
    kind,
    share,
    effect: effect === undefined ? null : effectOf(effect, 'replay.effect'),
    first: Number(first),
    count: Number(count),
  }
}

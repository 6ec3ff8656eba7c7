import { setImmediate } from 'node:timers/promises'
import { baselineOf, type Effect, type Plan, parseEffect, planOf } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import { slicesOf } from '../compare/slices.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'
import { stableRequest, stableTraffic } from './stable-traffic.ts'

/** A plan, and the traffic that it is based on. */
export interface PlanAnswer extends Plan {
  readonly service: string
  readonly stable: string
  /** ISO 8601, UTC. */
  readonly window: { readonly start: string; readonly end: string }
}

/** `POST /api/plan`: how long a canary must run, by the baseline that the store has. */
export function registerPlan(app: FastifyInstance, { store, turns }: Context): void {
  app.post(
    '/api/plan',
    inTurn(turns, async ({ body }): Promise<PlanAnswer> => {
      const { share, effects, power, withinSeconds, seed, runs, ...rest } = Object(body) as Record<string, unknown>
      const request = stableRequest(rest)
      const options = {
        share: between(share, 'share'),
        power: between(power, 'power'),
        effects: Array.isArray(effects) ? effects.map((one, at) => effectOf(one, `effects[${at}]`)) : [],
        withinSeconds: withinSeconds === undefined ? null : above(withinSeconds, 'withinSeconds'),
        seed: seed === undefined ? 1 : above(seed, 'seed'),
        runs: runs === undefined ? null : Math.ceil(above(runs, 'runs')),
      }
      const { operations, startMs, endMs } = await stableTraffic(store, request)
      const baseline = baselineOf(slicesOf([...operations]), (endMs - startMs) / 1000)
      const plan = await inSteps(planOf(baseline, request.policy, options))
      const window = { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() }
      return { service: request.service, stable: request.stable, window, ...plan }
    }),
  )
}

/** A long computation's result. Between its steps the server answers others: it has spans to take. */
export async function inSteps<Result>(steps: Generator<undefined, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await setImmediate()
  }
}

/** A number above zero. Throws a ServerError of kind `usage` that names the key. */
export function above(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
  throw new ServerError('usage', `${name}: expected a number above zero, got ${JSON.stringify(value)}`)
}

/** A regression from its text, such as `latency=25%`. */
export function effectOf(value: unknown, name: string): Effect {
  try {
    return parseEffect(String(value))
  } catch (error) {
    throw new ServerError('usage', `${name}: ${(error as Error).message}`, { cause: error })
  }
}

function between(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && value < 1) return value
  throw new ServerError('usage', `${name}: expected a number between 0 and 1, got ${JSON.stringify(value)}`)
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { RolloutAnswer, RolloutBody, RolloutHistory, RolloutList } from '@coalmine/comparator'
import { findServer, isRemote } from '@coalmine/server/location'
import { ask, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'
import type { SpanSource } from './host.ts'

const isRollout = (answer: object): answer is RolloutAnswer => 'phase' in answer && 'stages' in answer
const isList = (answer: object): answer is RolloutList => 'rollouts' in answer
const isHistory = (answer: object): answer is RolloutHistory => 'steps' in answer

/** Returns the running server. Throws a CommandError if there is none, since a rollout would end with the command. */
export async function rolloutServer({ server, store, token }: SpanSource): Promise<Server> {
  if (server !== undefined) return { url: server, token }
  const owner = isRemote(store) ? undefined : await findServer(store)
  if (owner) return { url: owner.url, token: owner.token ?? token }
  throw new CommandError(
    'unavailable',
    `no server runs on ${store}: start coalmine serve, give another with --server, or run the rollout in this process with coalmine rollout start --here`,
  )
}

/** Starts a rollout, or joins the running one of the same build. */
export async function startRollout(server: Server, body: RolloutBody, signal: AbortSignal): Promise<RolloutAnswer> {
  return ask(server, '/api/rollouts', isRollout, { body, signal })
}

/** Sends a command to a rollout. */
export async function tellRollout(server: Server, id: string, command: string, force: boolean): Promise<RolloutAnswer> {
  return ask(server, `/api/rollouts/${encodeURIComponent(id)}/${command}`, isRollout, { body: force ? { force } : {} })
}

/** Returns the state of a rollout. */
export async function rolloutOf(server: Server, id: string): Promise<RolloutAnswer> {
  return ask(server, `/api/rollouts/${encodeURIComponent(id)}`, isRollout)
}

/** Returns the history of a rollout. */
export async function historyOf(server: Server, id: string): Promise<RolloutHistory> {
  return ask(server, `/api/rollouts/${encodeURIComponent(id)}/history`, isHistory)
}

/**
 * Returns the given id or, without one, the only running rollout, else the newest. Throws a CommandError if several run or
 * there is none.
 */
export async function meantRollout(server: Server, id: string | undefined): Promise<string> {
  if (id !== undefined) return id
  const { rollouts } = await ask(server, '/api/rollouts', isList)
  const running = rollouts.filter(({ endedAt }) => endedAt === null)
  if (running.length > 1) {
    const each = running.map((one) => `${one.id} (${one.service}, ${one.canary})`)
    throw new CommandError('usage', `${running.length} rollouts are running: give the id of one: ${each.join(', ')}`)
  }
  const meant = running[0] ?? rollouts[0]
  if (meant) return meant.id
  throw new CommandError('no-data', 'no rollout has been started here: start one with coalmine rollout start')
}

const everyMs = 500
// Long enough for a server to restart.
const patienceMs = 60_000

/**
 * Shows a rollout's progress until it is over, and returns how it ended; undefined if the user stops first. With
 * `stuckForMs`, also returns a rollout that has been stuck for that long.
 */
export async function followRollout(
  find: () => Promise<Server>,
  id: string,
  stop: AbortSignal,
  {
    show,
    stuckForMs = Number.POSITIVE_INFINITY,
  }: { readonly show: (one: RolloutAnswer) => void; readonly stuckForMs?: number | undefined },
): Promise<RolloutAnswer | undefined> {
  let wellMs = performance.now()
  let answeredMs = performance.now()
  while (!stop.aborted) {
    try {
      const one = await rolloutOf(await find(), id)
      answeredMs = performance.now()
      if (one.endedAt !== null) return one
      if (one.phase !== 'stuck') wellMs = answeredMs
      if (answeredMs - wellMs > stuckForMs) return one
      show(one)
    } catch (error) {
      const isGone = error instanceof CommandError && error.kind === 'unavailable'
      if (!isGone || performance.now() - answeredMs > patienceMs) throw error
    }
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined)
  }
  return undefined
}

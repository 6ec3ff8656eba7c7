import type { Context } from '../context.ts'
import { answerable } from '../errors.ts'
import type { Turns } from '../turns.ts'
import { type Held, isRunning, lastLook } from './held.ts'
import { type Looked, newLooks } from './looks.ts'
import type { Publish } from './publish.ts'
import type { Rounds } from './rounds.ts'
import { run } from './run.ts'
import { parseStart, type StartRequest } from './start-request.ts'
import type { EndReason, Told } from './state.ts'
import type { TickFeed } from './tick-feed.ts'

/** With what comparisons run. */
export interface Runner {
  readonly context: Context
  readonly publish: Publish
  readonly rounds: Rounds
  readonly feed: TickFeed
  /** Looks are taken one at a time, so that those who ask and those who send spans do not wait for them. */
  readonly lane: Turns
}

/** Lets a comparison run from now on. */
export function begin(one: Held, { request, limits }: Pick<StartRequest, 'request' | 'limits'>, runner: Runner): void {
  const { context, publish, rounds, feed, lane } = runner
  const { now, warn } = context
  const inLane = <T>(look: () => Promise<T>): Promise<T> => lane.take(() => one.stop.signal.aborted, look)
  const { id, startedAt } = one.state
  const spread = Number.parseInt(id.slice(-2), 16) / 256
  const looks = newLooks(request, context, feed, request.start ?? Date.parse(startedAt), spread)
  one.looks = {
    next: () => inLane(looks.next),
    whole: () => inLane(looks.whole),
    isDue: looks.isDue,
    last: looks.last,
    end: looks.end,
  }
  const running = {
    limits,
    startedMs: Date.parse(one.state.startedAt),
    looks: one.looks,
    now,
    rounds,
    looked: (looked: Looked) => tellLook(one, looked, publish),
    troubled: (message: string) => {
      one.state = { ...one.state, reason: message }
    },
    ended: (why: EndReason, message?: string) => {
      const look = lastLook(one.state)
      const told: Told = { kind: 'ended', look: message === undefined ? look : { ...look, reason: message }, why }
      return publish(one, told, one.verdict)
    },
  }
  one.done = run(running, one.stop.signal)
    .catch((error: Error) => warn(`comparison ${one.state.id} is no longer judged: ${error.message}`))
    .finally(() => {
      looks.end()
      delete one.looks
    })
}

/** Judges all that has come, where there is something new and it runs: somebody looks, or it is about to end. `growth` is by how much of it the window has to have grown. */
export async function lookAtAll(one: Held, publish: Publish, growth?: number): Promise<void> {
  if (!one.looks?.isDue(growth)) return
  const whole = await one.looks.whole().catch(() => undefined)
  if (whole && isRunning(one)) await tellLook(one, whole, publish)
}

async function tellLook(one: Held, { look, verdict }: Looked, publish: Publish): Promise<void> {
  const before = one.state.outcome
  const told: Told = before === look.outcome ? { kind: 'look', look } : { kind: 'outcome', look, before }
  await publish(one, told, verdict)
}

/** Goes on with one that ran when the server ended, as it was asked for. */
export async function goOn(one: Held, asked: unknown, runner: Runner): Promise<void> {
  try {
    begin(one, parseStart({ ...Object(asked), ...one.state.limits }), runner)
  } catch (error) {
    // An earlier release took it, and this one does not.
    const { message } = answerable(error)
    const look = { ...lastLook(one.state), reason: message }
    await runner.publish(one, { kind: 'ended', look, why: 'refused' })
  }
}

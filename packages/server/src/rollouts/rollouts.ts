import { randomBytes } from 'node:crypto'
import type { RolloutAnswer, RolloutHistory } from '@coalmine/comparator'
import {
  after,
  type Controller,
  type NumberedEvent,
  newActuator,
  newController,
  type Pace,
  type Ports,
  type RolloutCommand,
  type RolloutState,
  type Said,
} from '@coalmine/rollout'
import type { KeptRolloutEvent } from '@coalmine/store'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { answerOf, historyOf } from './answer.ts'
import { parseSetup, type RolloutOptions } from './setup.ts'
import { newStageGate } from './stage-gate.ts'
import { tellPeople } from './tell-people.ts'

/** A server's running and past rollouts. */
export interface Rollouts {
  /** Starts one, or joins that of the same build that runs; `joined` says which it was. One of another build is superseded. */
  readonly start: (body: unknown, by: string | null) => Promise<{ readonly id: string; readonly joined: boolean }>
  /** Their ids, newest first. */
  readonly list: () => readonly string[]
  /** Finds a rollout, without its links. Throws a ServerError of kind `no-data` if no rollout has this id. */
  readonly answer: (id: string) => Omit<RolloutAnswer, 'url' | 'comparisonUrl'>
  readonly history: (id: string) => RolloutHistory
  /** Gives a command to one. Throws a ServerError with status 409 if it is refused. */
  readonly command: (id: string, command: RolloutCommand, said: Said) => Promise<void>
  /** Loads the rollouts from before a restart, and returns a function that resumes those that were running. */
  readonly resume: () => Promise<() => Promise<void>>
  /** Releases them as they are; they resume when a server opens the store again. */
  readonly close: () => Promise<void>
}

interface Held {
  readonly controller: Controller
  readonly events: NumberedEvent[]
}

const toldOfDays = 90

/** Creates the rollouts of a server; without options past ones are known, but none runs. */
export function newRollouts(
  context: Context,
  comparisons: Comparisons,
  options: RolloutOptions | undefined,
  pace: Pace = {},
): Rollouts {
  const { store, now, warn } = context
  const held = new Map<string, Held>()
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const gate = newStageGate(context, comparisons)
  // Two that start at once take their turns.
  let starting: Promise<unknown> = Promise.resolve()

  const newestFirst = (): Held[] =>
    [...held.values()].sort((a, b) => b.controller.state().startedMs - a.controller.state().startedMs)

  const get = (id: string): Held => {
    const one = held.get(id)
    if (one) return one
    throw new ServerError('no-data', `rollouts/${id}: there is no such rollout; GET /api/rollouts lists them`)
  }

  const ofService = (service: string): Held[] =>
    newestFirst().filter(({ controller }) => controller.state().service === service)

  const hold = (begun: RolloutState, events: NumberedEvent[]): Held => {
    const ports: Ports = {
      journal: { keep: (rollout, event) => store.rollouts.keep(keptOf(rollout, event)) },
      actuator: newActuator(begun.plan.actuator, options?.environment ?? {}),
      gate,
      now,
      told: (event, state) => {
        events.push(event)
        void tellPeople(context.notify, event, state)
      },
      warn,
      mayStart: () =>
        ofService(begun.service)
          .filter(({ controller }) => controller.state().startedMs < begun.startedMs)
          .every(({ controller }) => controller.state().end !== null && !controller.isMoving()),
    }
    const one = { controller: newController(begun, ports, pace), events }
    held.set(begun.id, one)
    return one
  }

  const run = ({ controller }: Held): void => {
    const done = controller.run(closing.signal).finally(() => running.delete(done))
    running.add(done)
  }

  const start: Rollouts['start'] = async (body, by) => {
    const setup = await parseSetup(body, options)
    const before = ofService(setup.service)
    const same = before.find(({ controller }) => {
      const { stable, canary, end, back } = controller.state()
      return stable === setup.stable && canary === setup.canary && end === null && back === null
    })
    if (same) return { id: same.controller.state().id, joined: true }
    const id = randomBytes(6).toString('hex')
    const newest = before[0]?.controller.state().startedMs ?? 0
    const first: NumberedEvent = {
      number: 1,
      // Of two of one service the later one waits for the earlier.
      atMs: Math.max(now(), newest + 1),
      event: { kind: 'started', ...setup, by },
    }
    await store.rollouts.keep(keptOf(id, first))
    for (const { controller } of before) await controller.supersede(setup.canary)
    run(hold(after(undefined, id, first)!, [first]))
    return { id, joined: false }
  }

  return {
    start: (body, by) => {
      const started = starting.then(() => start(body, by))
      starting = started.catch(() => undefined)
      return started
    },
    list: () => newestFirst().map(({ controller }) => controller.state().id),
    answer: (id) => {
      const { controller } = get(id)
      const state = controller.state()
      const judged = state.comparison ?? state.former
      return answerOf(state, controller.waitsFor(), judged === null ? null : gate.look(judged))
    },
    history: (id) => historyOf(id, get(id).events),
    command: async (id, command, said) => {
      const { controller } = get(id)
      const came = await controller.command(command, said)
      if (came.kind === 'refused')
        throw new ServerError('usage', `rollout ${id}: ${command}: ${came.why}`, { status: 409 })
    },
    resume: async () => {
      const goOn: Held[] = []
      // Who may only read tables of an earlier release finds none of these.
      const kept = await store.rollouts.known(now() - toldOfDays * 86_400_000).catch((error: Error) => {
        warn(`earlier rollouts could not be read: ${error.message}`)
        return []
      })
      for (const [id, events] of byRollout(kept)) {
        const state = events.reduce<RolloutState | undefined>((before, one) => after(before, id, one), undefined)
        if (state) goOn.push(hold(state, events))
      }
      return async () => {
        if (!options) return
        for (const one of goOn) {
          const { service, id } = one.controller.state()
          const isNewest = ofService(service)[0]?.controller.state().id === id
          if (one.controller.isDone() || (one.controller.state().end !== null && !isNewest)) continue
          await one.controller.resume()
          run(one)
        }
      }
    },
    close: async () => {
      closing.abort()
      await Promise.all(running)
    },
  }
}

const keptOf = (rollout: string, { number, atMs, event }: NumberedEvent): KeptRolloutEvent => ({
  rollout,
  number,
  atMs,
  kind: event.kind,
  event: JSON.stringify(event),
})

function byRollout(kept: readonly KeptRolloutEvent[]): ReadonlyMap<string, NumberedEvent[]> {
  const found = new Map<string, NumberedEvent[]>()
  for (const { rollout, number, atMs, event } of kept) {
    const events = found.get(rollout) ?? []
    found.set(rollout, events)
    events.push({ number, atMs, event: JSON.parse(event) as NumberedEvent['event'] })
  }
  return found
}

import { amountAt } from '@coalmine/comparator'
import { ActuatorError, type MoveContext } from '../actuators/actuator.ts'
import { type Commanded, commanded, type RolloutCommand, type Said } from '../machine/command.ts'
import { type Decision, decide, type Surroundings } from '../machine/decide.ts'
import type { RolloutEvent } from '../machine/event.ts'
import type { RolloutState } from '../machine/state.ts'
import { newLog } from './log.ts'
import type { Ports } from './ports.ts'
import { within } from './within.ts'

/** A running rollout. */
export interface Controller {
  readonly state: () => RolloutState
  /** What it is waiting for. */
  readonly waitsFor: () => Decision & { readonly kind: 'wait' }
  /** Gives it a command. Rolling back interrupts a call of the actuator. */
  readonly command: (command: RolloutCommand, said: Said) => Promise<Commanded>
  /** Ends it in favour of a newer build. */
  readonly supersede: (by: string) => Promise<void>
  /** Continues after an interruption, whatever became of a call under way. */
  readonly resume: () => Promise<void>
  /** Does the next thing, and returns whether there was anything to do. */
  readonly step: (stop: AbortSignal) => Promise<boolean>
  /** Whether the actuator is being called. */
  readonly isMoving: () => boolean
  /** Whether it no longer has to be watched. */
  readonly isDone: () => boolean
  /** Runs steps until it is done or stopped. */
  readonly run: (stop: AbortSignal) => Promise<void>
}

/** How often a controller looks at its rollout, in milliseconds. */
export interface Pace {
  /** How often it looks if nothing wakes it; 5 s by default. */
  readonly lookEveryMs?: number
  /** How often it asks the actuator where the canary is; 30 s by default. */
  readonly checkEveryMs?: number
  /** How long it keeps the canary from returning after a rollback; an hour by default. */
  readonly guardMs?: number
}

const guardAgainMs = 5_000
const unjudgedMs = 5_000
const healthMs = 400
const afterTroubleMs = 1_000

/**
 * Runs a rollout: each decision is stored before the actuator is called, and its result afterwards. `begun` is the state after the
 * events so far.
 */
export function newController(begun: RolloutState, ports: Ports, pace: Pace = {}): Controller {
  const { lookEveryMs = 5_000, checkEveryMs = 30_000, guardMs = 3_600_000 } = pace
  const { actuator, gate, now, warn } = ports
  const log = newLog(begun, ports)
  let checkedMs = now()
  let moving: { readonly to: number; readonly stop: AbortController } | undefined
  let wake = (): void => {}
  let isReplaced = false
  let judgeAgainMs = 0
  let health: number | null = null

  const around = (state: RolloutState): Surroundings => {
    const { comparison, former } = state
    return {
      nowMs: now(),
      look: comparison === null ? null : gate.look(comparison),
      former: former === null ? null : gate.look(former),
      health,
      mayStart: ports.mayStart(),
      mayJudge: now() >= judgeAgainMs,
    }
  }

  const say = async (make: (state: RolloutState) => Commanded): Promise<Commanded> => {
    const added = await log.add((state): { said: Commanded; event?: RolloutEvent } => {
      const said = make(state)
      return said.kind === 'event' ? { said, event: said.event } : { said }
    })
    if (log.state().back && moving !== undefined && moving.to > 0) moving.stop.abort()
    wake()
    return added.said
  }

  const perform = async (to: number, stop: AbortSignal): Promise<void> => {
    const own = new AbortController()
    moving = { to, stop: own }
    const over = new AbortController()
    if (to > 0) void abortAtHarm(own, over.signal).catch(() => undefined)
    try {
      const came = await moved(to, AbortSignal.any([stop, own.signal]))
      // If stopped, the result is unknown: the next controller asks for the move again.
      if (stop.aborted) return
      await log.add(() => ({ event: came }))
      checkedMs = now()
    } finally {
      over.abort()
      moving = undefined
    }
  }

  const moved = async (to: number, signal: AbortSignal): Promise<RolloutEvent> => {
    const state = log.state()
    const amount = amountAt(state.plan, to)
    const context = contextOf(state, to)
    try {
      const said = await actuator.move(amount, context, signal)
      const found = await actuator.read(amount, context, signal)
      if (found && !found.matches) return { kind: 'not-moved', to, message: `it reads back as ${found.text}` }
      return { kind: 'moved', to, said: found ? found.text : said }
    } catch (error) {
      if (!(error instanceof ActuatorError)) throw error
      return { kind: 'not-moved', to, message: error.message }
    }
  }

  /** Aborts a call that gives the canary more as soon as its comparison fails. */
  const abortAtHarm = async (call: AbortController, over: AbortSignal): Promise<void> => {
    const { comparison } = log.state()
    while (comparison !== null && !over.aborted) {
      if (gate.look(comparison)?.outcome === 'fail') return call.abort()
      await gate.changed(comparison, over)
    }
  }

  const judge = async (): Promise<void> => {
    const before = log.state()
    const comparison = await gate.start({ state: before, sinceMs: before.sinceMs! }).catch((error: Error) => {
      // Deadlines and people's commands do not wait for the comparison.
      judgeAgainMs = now() + unjudgedMs
      warn(`rollout ${before.id}: its stage cannot be judged yet: ${error.message}`)
    })
    if (comparison === undefined) return
    await log.add((state) => (isAsBefore(state, before) ? { event: { kind: 'judging', comparison } } : {}))
    if (before.former !== null && before.former !== comparison) await gate.stop(before.former)
  }

  /** Checks that the canary is where it should be, and otherwise moves it back there; returns whether it was elsewhere. */
  const check = async (stop: AbortSignal): Promise<boolean> => {
    const { target, plan } = log.state()
    checkedMs = now()
    const found = await actuator
      .read(amountAt(plan, target), contextOf(log.state(), target), stop)
      .catch((error: Error) => {
        if (!(error instanceof ActuatorError)) throw error
        warn(`rollout ${log.state().id}: cannot read how far the canary is: ${error.message}`)
        return null
      })
    if (!found || found.matches || stop.aborted) return false
    const reason = `it was found at ${found.text}`
    const { event } = await log.add((state): { event?: RolloutEvent } =>
      state.target === target && !state.isUnsure && !isReplaced
        ? { event: { kind: 'intent', to: target, why: 'again', reason } }
        : {},
    )
    if (event) await perform(target, stop)
    return true
  }

  const isDone = (): boolean => {
    const { end, endedMs } = log.state()
    return end !== null && (end !== 'rolled-back' || isReplaced || now() - endedMs! >= guardMs)
  }

  /** Measures the health of stable before a rollback to it; the rollback does not wait long for this. */
  const measureHealth = async ({ plan, back, comparison, former, end }: RolloutState): Promise<void> => {
    const judged = comparison ?? former
    if (plan.healthFloor === null || !back || back.force || end !== null || judged === null) return
    health =
      (await within(
        healthMs,
        gate.health(judged).catch(() => null),
      )) ?? null
  }

  const step = async (stop: AbortSignal): Promise<boolean> => {
    await measureHealth(log.state())
    const { decision } = await log.add((state): { decision: Decision; event?: RolloutEvent } => {
      // After the end of a rollout the canary's place is still guarded.
      const decision = state.end === null ? decide(state, around(state)) : guarding(state, now(), isReplaced)
      return 'event' in decision ? { decision, event: decision.event } : { decision }
    })
    if (stop.aborted) return false
    switch (decision.kind) {
      case 'move':
        await perform(decision.event.to, stop)
        return true
      case 'judge':
        await judge()
        return true
      case 'tell':
        if (decision.event.kind === 'ended') await endComparisons()
        return true
      case 'wait':
        return now() - checkedMs >= checkEveryMs && mayCheck(log.state()) ? check(stop) : false
    }
  }

  const endComparisons = async (): Promise<void> => {
    const { comparison, former } = log.state()
    for (const one of [comparison, former]) if (one !== null) await gate.stop(one).catch(() => undefined)
  }

  const waitsFor = (): Decision & { readonly kind: 'wait' } => {
    const state = log.state()
    const decision = decide(state, around(state))
    if (decision.kind === 'wait') return decision
    return {
      kind: 'wait',
      for: decision.kind === 'judge' ? 'its comparison to start' : 'the canary to move',
      untilMs: null,
    }
  }

  return {
    state: log.state,
    waitsFor,
    command: (command, said) => say((state) => commanded(state, command, said)),
    supersede: async (by) => {
      isReplaced = true
      await say((state) =>
        state.end !== null || state.back?.why === 'superseded'
          ? { kind: 'so-already' }
          : {
              kind: 'event',
              event: { kind: 'back', why: 'superseded', reason: `${by} takes its place`, by: null, force: false },
            },
      )
    },
    resume: async () => {
      await log.add((state): { event?: RolloutEvent } => (state.end === null ? { event: { kind: 'restarted' } } : {}))
    },
    step,
    isMoving: () => moving !== undefined,
    isDone,
    run: async (stop) => {
      while (!stop.aborted && !isDone()) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        const busy = await step(stop).catch((error: Error) => {
          warn(`rollout ${log.state().id}: ${error.message}`)
          return undefined
        })
        if (busy === true) continue
        await pause(woken, busy === undefined ? afterTroubleMs : lookEveryMs, stop)
      }
    },
  }

  /** Waits for a command, for news from a comparison, or until it is time to look. */
  async function pause(woken: Promise<void>, mostMs: number, stop: AbortSignal): Promise<void> {
    const state = log.state()
    const { untilMs } = state.end === null ? waitsFor() : { untilMs: null }
    const over = new AbortController()
    const ms = Math.min(mostMs, Math.max(20, (untilMs ?? Number.POSITIVE_INFINITY) - now()))
    const timer = setTimeout(() => over.abort(), ms)
    const either = AbortSignal.any([stop, over.signal])
    const ended = new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }))
    const judged = [state.comparison, state.former].filter((one) => one !== null)
    try {
      if (!either.aborted) await Promise.race([woken, ended, ...judged.map((one) => gate.changed(one, either))])
    } finally {
      clearTimeout(timer)
      over.abort()
    }
  }
}

const contextOf = ({ id, service, stable, canary }: RolloutState, stage: number): MoveContext => ({
  rollout: id,
  service,
  stable,
  canary,
  stage,
})

const isAsBefore = (now: RolloutState, before: RolloutState): boolean =>
  now.stage === before.stage && now.sinceMs === before.sinceMs && now.back === null && now.end === null

/** After a rollback: tries again if the canary may not have moved. */
function guarding(state: RolloutState, nowMs: number, isReplaced: boolean): Decision {
  if (!state.isUnsure || isReplaced) return { kind: 'wait', for: 'it is over', untilMs: null }
  if (nowMs - state.triedMs < guardAgainMs)
    return { kind: 'wait', for: 'it is over', untilMs: state.triedMs + guardAgainMs }
  return { kind: 'move', event: { kind: 'intent', to: 0, why: 'again', reason: state.trouble ?? 'it came back' } }
}

// The canary's place is not checked while it is unknown or changing.
const mayCheck = ({ isUnsure, stage, target, end }: RolloutState): boolean =>
  !isUnsure && stage === target && (target > 0 || end === 'rolled-back')

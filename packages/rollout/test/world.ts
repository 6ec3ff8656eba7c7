import { type Amount, amountAt, type RolloutPlan } from '@coalmine/comparator'
import { expect } from 'vitest'
import {
  type Actuator,
  ActuatorError,
  after,
  type Controller,
  type GateLook,
  type NumberedEvent,
  newController,
  type RolloutState,
} from '../src/index.ts'

/** A process that was killed: nothing more comes of it. */
export class Killed extends Error {}

/** What goes wrong with a call. */
export type Mishap = 'none' | 'fails' | 'fails-late' | 'hangs'

const lagMs = 20_000
const stage = {
  hosts: null,
  flag: null,
  bakeMs: 60_000,
  gate: 'pass',
  deadlineMs: 600_000,
  otherwise: 'hold',
  approve: false,
} as const

/** Three stages, of which the second asks for approval. */
export const plan: RolloutPlan = {
  stages: [
    { ...stage, percent: 10 },
    { ...stage, percent: 50, gate: 'not-fail', approve: true },
    { ...stage, percent: 100 },
  ],
  actuator: { kind: 'command', run: 'true', readBack: null, timeoutMs: 1 },
  windows: [],
  timeZone: 'UTC',
  healthFloor: 0.9,
}

/**
 * A proxy, a store and a clock around a rollout, in which anything may go wrong at any moment. It holds each call of the actuator against
 * what it may be called with.
 */
export class World {
  nowMs = 1_000_000
  /** What the canary really has. */
  percent = 0
  readonly kept: NumberedEvent[] = []
  readonly calls: { readonly to: number; readonly atMs: number }[] = []
  #outcome: GateLook['outcome'] = null
  health: number | null = 1
  isStoreDown = false
  isGateDown = false
  mishap: Mishap = 'none'
  /** At which operation the process is killed, before or after it is done. */
  killAt: { readonly operation: number; readonly isDone: boolean } | undefined
  operations = 0
  controller!: Controller
  #life = 0
  #isDead = false
  readonly #listeners = new Set<() => void>()
  #hanging: (() => void) | undefined
  readonly #comparisons = new Map<string, { readonly sinceMs: number; outcome: GateLook['outcome'] }>()

  /** What comparisons say: those that run, and those that are started from now on; but what failed stays failed, and is not a later one's. */
  set outcome(outcome: GateLook['outcome']) {
    this.#outcome = outcome
    for (const one of this.#comparisons.values()) if (one.outcome !== 'fail') one.outcome = outcome
    for (const listener of this.#listeners) listener()
  }

  get outcome(): GateLook['outcome'] {
    return this.#outcome
  }

  /** Holds what is known of the rollout against what was kept, and what comparisons say against what it does. */
  mustBeSound(): void {
    const state = this.controller.state()
    if (state.back) return
    const decided = ({ target, stage, pausedMs, isApproved, isHeld }: RolloutState) => [
      target,
      stage,
      pausedMs !== null,
      isApproved,
      isHeld,
    ]
    if (this.isStoreDown) expect(decided(state)).toEqual(decided(this.state()))
    else expect(state).toEqual(this.state())
    const judged = [state.comparison, state.former].map((id) => this.#comparisons.get(id ?? '')?.outcome)
    if (!this.isGateDown && !this.isStoreDown && state.end === null && (state.stage > 0 || state.isUnsure))
      expect(judged).not.toContain('fail')
  }

  /** A process that runs the rollout, as it is kept. */
  async begin(): Promise<void> {
    this.#life += 1
    this.#isDead = false
    const life = this.#life
    if (this.kept.length === 0) {
      const { service, stable, canary } = { service: 'shop', stable: 'service.version=1', canary: 'service.version=2' }
      const event = { kind: 'started', service, stable, canary, plan, compared: {}, by: null } as const
      this.kept.push({ number: 1, atMs: this.nowMs, event })
    }
    this.controller = newController(this.state(), {
      journal: {
        keep: (_, event) =>
          this.#operation(life, async () => {
            if (this.isStoreDown) throw new Error('the store is down')
            this.kept.push(event)
          }),
      },
      actuator: this.#actuator(life),
      gate: {
        start: async ({ state, sinceMs }) => {
          this.#mustLive(life)
          if (this.isGateDown) throw new Error('the gate is down')
          const id = `${state.stage}-${state.judgings}-${sinceMs}`
          this.#comparisons.set(id, { sinceMs, outcome: this.#outcome === 'fail' ? null : this.#outcome })
          return id
        },
        look: (id) => {
          const found = this.#comparisons.get(id)
          if (this.isGateDown || !found) return null
          // What comes in is judged a while later.
          const seconds = (this.nowMs - found.sinceMs - lagMs) / 1000
          return { outcome: found.outcome, reason: 'as it is', seconds, isOver: false }
        },
        health: async () => {
          if (this.isGateDown) throw new Error('the gate is down')
          return this.health
        },
        changed: (_, stop) =>
          new Promise((resolve) => {
            this.#listeners.add(resolve)
            stop.addEventListener('abort', () => resolve())
          }),
        stop: async () => {},
      },
      now: () => this.nowMs,
      told: () => {},
      warn: () => {},
      mayStart: () => true,
    })
    if (this.kept.length > 1) await this.controller.resume().catch(() => undefined)
  }

  /** What is known of the rollout when nothing but what was kept is. */
  state(): RolloutState {
    return this.kept.reduce<RolloutState | undefined>((before, one) => after(before, 'r1', one), undefined)!
  }

  /** Lets it do what there is to do; a process that was killed begins anew. What hangs is over once `meanwhile` is done. */
  async settle(meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
    for (let steps = 0; steps < 40; steps += 1) {
      const step = this.controller.step(new AbortController().signal).catch((error: Error) => error)
      if (steps === 0) await meanwhile().catch(() => undefined)
      let isOver = false
      void step.then(() => {
        isOver = true
      })
      for (let turns = 0; turns < 200 && !isOver; turns += 1) await Promise.resolve()
      if (!isOver) {
        const { back } = this.controller.state()
        expect(back !== null && this.calls.at(-1)!.to > 0, 'a call goes on that gives what is to go back').toBe(false)
        this.nowMs += 60_000
        this.#hanging?.()
      }
      const came = await step
      if (this.#isDead || came instanceof Killed) await this.begin()
      else if (came !== true) return
    }
  }

  #mustLive(life: number): void {
    if (life !== this.#life) throw new Killed()
  }

  async #operation<T>(life: number, work: () => Promise<T>): Promise<T> {
    this.#mustLive(life)
    const { killAt } = this
    const isLast = killAt?.operation === this.operations
    this.operations += 1
    if (isLast && !killAt.isDone) this.#kill()
    const done = await work()
    if (isLast) this.#kill()
    return done
  }

  #kill(): never {
    this.#life += 1
    this.#isDead = true
    throw new Killed()
  }

  #actuator(life: number): Actuator {
    return {
      move: (amount, { stage }, signal) =>
        this.#operation(life, async () => {
          this.#mustBeRight(amount, stage)
          this.calls.push({ to: stage, atMs: this.nowMs })
          const { mishap } = this
          if (mishap === 'fails') throw new ActuatorError('it failed')
          if (mishap === 'hangs') {
            await new Promise<void>((resolve) => {
              this.#hanging = resolve
              signal.addEventListener('abort', () => resolve())
            })
            throw new ActuatorError('it took too long')
          }
          this.percent = amount.percent!
          if (mishap === 'fails-late') throw new ActuatorError('it failed once it was done')
          return ''
        }),
      read: ({ percent }) =>
        this.#operation(life, async () => ({ matches: this.percent === percent, text: `${this.percent}%` })),
    }
  }

  #mustBeRight(amount: Amount, to: number): void {
    expect(amount).toEqual(amountAt(plan, to))
    const events = this.kept.map(({ event }) => event)
    const goesBack = this.controller.state().back !== null
    // Once it is to go back nothing is given any more.
    if (goesBack || events.some(({ kind }) => kind === 'back')) expect(to).toBe(0)
    else {
      // Without a store nothing is given either, and what was to happen is kept before it does.
      expect(events.at(-1)).toMatchObject({ kind: 'intent', to })
      expect(to - this.state().stage).toBeLessThanOrEqual(1)
    }
    const intent = events.findIndex((one) => one.kind === 'intent' && one.to === to)
    if (to > 1) this.#mustBeJudged(this.kept.slice(0, intent))
  }

  /** What happened before a stage was left: it was reached after the last interruption, and judged for its bake time, or somebody went on. */
  #mustBeJudged(before: readonly NumberedEvent[]): void {
    const reached = before.findLastIndex(({ event }) => event.kind === 'moved')
    const since = before.slice(reached)
    const kinds = since.map(({ event }) => event.kind)
    expect(kinds).not.toContain('restarted')
    if (kinds.includes('advanced')) return
    expect(kinds).toContain('judging')
    if (this.kept.length > before.length + 1) return
    const { bakeMs } = plan.stages[this.state().stage - 1]!
    expect(this.nowMs - since[0]!.atMs).toBeGreaterThanOrEqual(bakeMs + lagMs - 5_000)
    expect(['pass', 'inconclusive']).toContain(this.#outcome)
  }
}

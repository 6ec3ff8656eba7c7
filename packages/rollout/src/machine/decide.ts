import { isInWindow, isWhole, type Outcome, type RolloutStage } from '@coalmine/comparator'
import type { RolloutEvent } from './event.ts'
import { type RolloutState, stageText } from './state.ts'

/** The current result of a comparison. */
export interface GateLook {
  /** null until there is something to judge. */
  readonly outcome: Outcome | null
  readonly reason: string | null
  /** Seconds of canary traffic judged. */
  readonly seconds: number
  /** Whether it is over and will not change. */
  readonly isOver: boolean
}

/** What a decision takes into account besides the rollout's state. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly nowMs: number
  /** The comparison of this stage; null if there is none or its result is unknown. */
  readonly look: GateLook | null
  /** The comparison from before an interruption, or of the previous stage. */
  readonly former: GateLook | null
  /** The share of stable's requests that succeed, from 0 to 1; null if unknown. */
  readonly health: number | null
  /** Whether the previous rollout of the service is over. */
  readonly mayStart: boolean
  /** Whether a comparison may be started; false for a while after that failed, so that it holds nothing else up. */
  readonly mayJudge: boolean
}

/** What to do next. */
export type Decision =
  | {
      readonly kind: 'wait'
      /** What it waits for, in one line. */
      readonly for: string
      /** When to decide again, unless something happens earlier. */
      readonly untilMs: number | null
      readonly isForApproval?: true
    }
  | { readonly kind: 'tell'; readonly event: RolloutEvent }
  /** Store the event, then call the actuator. */
  | { readonly kind: 'move'; readonly event: RolloutEvent & { readonly kind: 'intent' } }
  /** Start a comparison. */
  | { readonly kind: 'judge' }

/** The number of tries before a move is given up. */
const mostTries = 5
/** The number of tries to roll back before people are alerted. */
const triesBeforeStuck = 3
const longestPauseMs = 30_000
const tickMs = 5_000
// A comparison that somebody stopped is started again, but not in quick succession.
const judgeAgainMs = 60_000

/** When to try the actuator again: one second after the first failure, then two, four, and so on. */
function nextTryMs({ failures, triedMs }: RolloutState): number {
  return failures === 0 ? 0 : triedMs + Math.min(longestPauseMs, 1_000 * 2 ** (failures - 1))
}

/** Decides what a rollout does next. Rolling back takes precedence over everything else. */
export function decide(state: RolloutState, around: Surroundings): Decision {
  if (state.end !== null) return wait('it is over')
  if (state.back) return backward(state, around)
  const failed = [around.look, around.former].find((look) => look?.outcome === 'fail')
  if (failed && (state.stage > 0 || state.isUnsure))
    return back('fail', failed.reason === null ? 'FAIL' : `FAIL: ${failed.reason}`)
  if (state.isUnsure) return again(state, around)
  // Judge even while paused: a FAIL still rolls back.
  if (state.comparison === null && isJudged(state) && around.mayJudge) return { kind: 'judge' }
  if (state.pausedMs !== null) return wait('somebody to resume it')
  return state.stage === 0 ? begin(state, around) : atStage(state, around)
}

/** Whether any of stable is left to compare with. */
function isJudged({ plan, stage }: RolloutState): boolean {
  return stage > 0 && !isWhole(plan.stages[stage - 1]!)
}

const wait = (what: string, untilMs: number | null = null): Decision => ({ kind: 'wait', for: what, untilMs })

const tell = (event: RolloutEvent): Decision => ({ kind: 'tell', event })

const back = (why: 'fail' | 'deadline' | 'actuator', reason: string): Decision =>
  tell({ kind: 'back', why, reason, by: null, force: false })

function move(to: number, why: 'next' | 'again' | 'back', reason: string): Decision {
  return { kind: 'move', event: { kind: 'intent', to, why, reason } }
}

function backward(state: RolloutState, { nowMs, health }: Surroundings): Decision {
  const { back, plan, stage, target, isUnsure, stuck } = state
  // Failures on the way forward do not count against the way back.
  const failures = target === 0 ? state.failures : 0
  const { why, reason, force } = back!
  if (stage === 0 && target === 0 && !isUnsure)
    return tell({ kind: 'ended', how: why === 'superseded' ? 'superseded' : 'rolled-back', reason })
  const floor = plan.healthFloor
  // A newer build may be the fix for a failing stable.
  if (floor !== null && health !== null && health < floor && !force && why !== 'superseded') {
    const sick = `only ${percent(health)} of stable's own requests succeed, below the health floor of ${percent(floor)}`
    if (stuck === null) return tell({ kind: 'stuck', reason: sick })
    return wait(`stable to recover (${sick}), or abort --force to roll back anyway`, nowMs + tickMs)
  }
  if (failures >= triesBeforeStuck && stuck === null)
    return tell({ kind: 'stuck', reason: `it cannot be rolled back: ${state.trouble ?? 'no reason was given'}` })
  const next = nextTryMs({ ...state, failures })
  if (nowMs < next) return wait(`the next try to roll back: ${state.trouble ?? ''}`, next)
  return move(0, 'back', reason)
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`

/** The actuator failed, or the result of its last call is unknown: try again, or give up. */
function again(state: RolloutState, { nowMs }: Surroundings): Decision {
  const { failures, trouble, target } = state
  if (failures >= mostTries)
    return back('actuator', `${stageText(state, target)} was not reached in ${failures} tries: ${trouble}`)
  const next = nextTryMs(state)
  if (nowMs < next) return wait(`the next try to reach ${stageText(state, target)}: ${trouble}`, next)
  return move(target, 'again', trouble ?? 'it is not known whether the last try worked')
}

function begin(state: RolloutState, { nowMs, mayStart }: Surroundings): Decision {
  if (!mayStart) return wait('the rollout before it to end', nowMs + tickMs)
  if (!state.isAdvanced && !isInWindow(state.plan.windows, state.plan.timeZone, nowMs)) return outside(nowMs)
  return move(1, 'next', 'the first stage')
}

const outside = (nowMs: number): Decision => wait('the next of its time windows', nowMs + tickMs)

function atStage(state: RolloutState, around: Surroundings): Decision {
  const { nowMs, look } = around
  const stage = state.plan.stages[state.stage - 1]!
  const isLast = state.stage === state.plan.stages.length
  if (isLast && isWhole(stage)) return tell({ kind: 'ended', how: 'completed', reason: 'everybody has it' })
  const watchedMs = nowMs - state.sinceMs!
  const opens = state.isAdvanced || (watchedMs >= stage.bakeMs && isOpen(stage, look))
  const isApproved = !stage.approve || state.isApproved || state.isAdvanced
  if (state.isHeld)
    return wait(`somebody to advance, resume or abort: the deadline of ${stageText(state, state.stage)} has passed`)
  if (!(opens && isApproved) && watchedMs >= stage.deadlineMs) return late(state, stage, look)
  if (!opens) return closed(state, stage, around)
  if (!isApproved) return { kind: 'wait', for: 'somebody to approve', untilMs: nowMs + tickMs, isForApproval: true }
  const reason = state.isAdvanced ? 'somebody said so' : `${look!.outcome!.toUpperCase()}: ${look!.reason ?? ''}`
  if (isLast) return tell({ kind: 'ended', how: 'completed', reason })
  if (!state.isAdvanced && !isInWindow(state.plan.windows, state.plan.timeZone, nowMs)) return outside(nowMs)
  return move(state.stage + 1, 'next', reason)
}

/** Whether a look at the full bake time, not at a part of it, lets the stage pass. */
function isOpen({ gate, bakeMs }: RolloutStage, look: GateLook | null): boolean {
  if (!look || look.seconds * 1000 < bakeMs - tickMs) return false
  return look.outcome === 'pass' || (gate === 'not-fail' && look.outcome === 'inconclusive')
}

function late(state: RolloutState, { otherwise }: RolloutStage, look: GateLook | null): Decision {
  const said = look?.outcome ? `${look.outcome.toUpperCase()}: ${look.reason ?? ''}` : 'there is no verdict'
  const reason = `the deadline of ${stageText(state, state.stage)} has passed; ${said}`
  return otherwise === 'hold' ? tell({ kind: 'held', reason }) : back('deadline', reason)
}

function closed(
  state: RolloutState,
  { bakeMs, gate, deadlineMs }: RolloutStage,
  { look, nowMs, mayJudge }: Surroundings,
): Decision {
  if (look?.isOver && look.outcome !== 'invalid' && nowMs - state.judgedMs >= judgeAgainMs && mayJudge)
    return { kind: 'judge' }
  const [bakedMs, lateMs] = [state.sinceMs! + bakeMs, state.sinceMs! + deadlineMs]
  if (nowMs < bakedMs) return wait(`the last ${minutes(bakedMs - nowMs)} of its bake time`, bakedMs)
  const wanted = gate === 'pass' ? 'a PASS' : 'a verdict on the whole bake time'
  const said = look?.outcome
    ? `; it is ${look.outcome.toUpperCase()}: ${look.reason ?? ''}`
    : '; there is no verdict yet'
  return wait(`${wanted}${said}`, lateMs)
}

function minutes(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`
}

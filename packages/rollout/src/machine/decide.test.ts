import type { RolloutPlan } from '@coalmine/comparator'
import { describe, expect, it } from 'vitest'
import { plan } from '../../test/world.ts'
import { commanded, type RolloutCommand } from './command.ts'
import { type Decision, decide, type GateLook, type Surroundings } from './decide.ts'
import type { RolloutEvent } from './event.ts'
import { after, phaseOf, type RolloutState } from './state.ts'

const minute = 60_000
const started = (given: Partial<RolloutPlan> = {}): RolloutEvent => ({
  kind: 'started',
  service: 'shop',
  stable: 'service.version=1',
  canary: 'service.version=2',
  plan: { ...plan, ...given },
  compared: {},
  by: null,
})

/** The state after events, a minute between each two. */
function stateOf(...events: RolloutEvent[]): RolloutState {
  const state = events.reduce<RolloutState | undefined>(
    (before, event, at) => after(before, 'r1', { number: at + 1, atMs: at * minute, event }),
    undefined,
  )
  return state!
}

const around = (nowMs: number, given: Partial<Surroundings> = {}): Surroundings => ({
  nowMs,
  look: null,
  former: null,
  health: 1,
  mayStart: true,
  mayJudge: true,
  ...given,
})
const look = (outcome: GateLook['outcome'], seconds = 3_600): GateLook => ({
  outcome,
  reason: 'why',
  seconds,
  isOver: false,
})

const at = (stage: number, given: Partial<RolloutPlan> = {}): RolloutEvent[] => [
  started(given),
  { kind: 'intent', to: stage, why: 'next', reason: '' },
  { kind: 'moved', to: stage, said: '' },
  { kind: 'judging', comparison: `c${stage}` },
]
// Of `at`: the stage begins with the third event.
const began = 2 * minute

const told = (decision: Decision): string =>
  decision.kind === 'wait' ? decision.for : decision.kind === 'judge' ? 'judge' : JSON.stringify(decision.event)

describe('a stage', () => {
  it.each<[string, RolloutState, Surroundings, string]>([
    [
      'is watched for its bake time',
      stateOf(...at(1)),
      around(began + 30_000, { look: look('pass') }),
      'the last 30 s of its bake time',
    ],
    [
      'goes on at a PASS',
      stateOf(...at(1)),
      around(began + minute, { look: look('pass') }),
      '"to":2,"why":"next","reason":"PASS: why"',
    ],
    [
      'waits for what came in late',
      stateOf(...at(1)),
      around(began + minute, { look: look('pass', 40) }),
      'a PASS; it is PASS: why',
    ],
    ['is closed without a verdict', stateOf(...at(1)), around(began + minute), 'a PASS'],
    [
      'is closed where nobody can tell',
      stateOf(...at(1)),
      around(began + minute, { look: look('inconclusive') }),
      'a PASS; it is INCONCLUSIVE: why',
    ],
    [
      'that may not fail asks for approval',
      stateOf(...at(2)),
      around(began + minute, { look: look('inconclusive') }),
      'somebody to approve',
    ],
    [
      'that may not fail is closed at INVALID',
      stateOf(...at(2)),
      around(began + minute, { look: look('invalid') }),
      'a verdict on the whole bake time; it is INVALID: why',
    ],
    [
      'goes on once it is approved',
      stateOf(...at(2), { kind: 'approved', by: 'ada' }),
      around(began + 5 * minute, { look: look('inconclusive') }),
      '"to":3,"why":"next"',
    ],
    [
      'goes back at a FAIL at once',
      stateOf(...at(1)),
      around(began + 1, { look: look('fail') }),
      '"kind":"back","why":"fail","reason":"FAIL: why"',
    ],
    [
      'goes back at a FAIL though it is paused',
      stateOf(...at(1), { kind: 'paused', by: null }),
      around(began + 1, { look: look('fail') }),
      '"kind":"back"',
    ],
    [
      'waits past its deadline',
      stateOf(...at(1)),
      around(began + 10 * minute, { look: look('inconclusive') }),
      '"kind":"held","reason":"the deadline of stage 1 of 3 (10%) has passed; INCONCLUSIVE: why"',
    ],
    [
      'waits for approval no longer than its deadline',
      stateOf(...at(2)),
      around(began + 10 * minute, { look: look('pass') }),
      '"kind":"held"',
    ],
    [
      'that was held goes on by itself no more',
      stateOf(...at(1), { kind: 'held', reason: '' }),
      around(began + 20 * minute, { look: look('pass') }),
      'advance, resume or abort',
    ],
    [
      'goes back at its deadline where it is to',
      stateOf(...at(1, { stages: plan.stages.map((one) => ({ ...one, otherwise: 'roll-back' })) })),
      around(began + 10 * minute),
      '"kind":"back","why":"deadline"',
    ],
    [
      'that is paused does nothing',
      stateOf(...at(1), { kind: 'paused', by: null }),
      around(began + 60 * minute, { look: look('pass') }),
      'somebody to resume it',
    ],
    [
      'does not count the time that it was paused',
      stateOf(...at(1), { kind: 'paused', by: null }, { kind: 'resumed', by: null }),
      around(began + minute + 30_000, { look: look('pass') }),
      'the last 30 s of its bake time',
    ],
    [
      'goes on when somebody says so, whatever the verdict',
      stateOf(...at(1), { kind: 'advanced', by: 'ada' }),
      around(began + 1),
      '"to":2',
    ],
    ['is judged', stateOf(...at(1).slice(0, 3)), around(began + 1), 'judge'],
    [
      'is judged while it is paused',
      stateOf(...at(1).slice(0, 3), { kind: 'paused', by: null }),
      around(began + 1),
      'judge',
    ],
    [
      'is judged anew where somebody stopped its comparison',
      stateOf(...at(1)),
      around(began + 2 * minute, { look: { ...look('inconclusive'), isOver: true } }),
      'judge',
    ],
    ['with everybody is the end', stateOf(...at(3).slice(0, 3)), around(began), '"kind":"ended","how":"completed"'],
    [
      'outside its time windows goes on later',
      stateOf(...at(1, { windows: [{ days: [0], from: 0, to: 60 }] })),
      around(began + minute, { look: look('pass') }),
      'the next of its time windows',
    ],
    [
      'outside its time windows goes back all the same',
      stateOf(...at(1, { windows: [{ days: [0], from: 0, to: 60 }] })),
      around(began + minute, { look: look('fail') }),
      '"kind":"back"',
    ],
  ])('%s', (_, state, seen, expected) => {
    expect(told(decide(state, seen))).toContain(expected)
  })
})

describe('a rollout', () => {
  it('begins at its first stage, once the one before it is over', () => {
    expect(told(decide(stateOf(started()), around(0)))).toContain('"to":1')
    expect(told(decide(stateOf(started()), around(0, { mayStart: false })))).toBe('the rollout before it to end')
  })

  it('gives up where the actuator fails five times in a row, with more and more time between', () => {
    const failing: RolloutEvent[] = [started(), { kind: 'intent', to: 1, why: 'next', reason: '' }]
    const waits: (number | null)[] = []
    for (let tries = 1; tries < 5; tries += 1) {
      failing.push({ kind: 'not-moved', to: 1, message: 'no route to host' })
      const state = stateOf(...failing)
      const decision = decide(state, around(state.triedMs))
      waits.push(decision.kind === 'wait' ? decision.untilMs! - state.triedMs : null)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000])
    failing.push({ kind: 'not-moved', to: 1, message: 'no route to host' })
    expect(told(decide(stateOf(...failing), around(0)))).toContain(
      '"why":"actuator","reason":"stage 1 of 3 (10%) was not reached in 5 tries: no route to host"',
    )
  })

  it('asks for the same again, and judges anew, where nobody watched it', () => {
    const state = stateOf(...at(1), { kind: 'restarted' })
    expect(told(decide(state, around(began + 60 * minute, { former: look('pass') })))).toContain('"to":1,"why":"again"')
    const there = stateOf(...at(1), { kind: 'restarted' }, { kind: 'moved', to: 1, said: '' })
    expect(told(decide(there, around(5 * minute)))).toBe('judge')
    expect(there.sinceMs).toBe(5 * minute)
    expect(told(decide(state, around(began, { former: look('fail') })))).toContain('"kind":"back","why":"fail"')
  })
})

const back = (given: object = {}): RolloutEvent => ({
  kind: 'back',
  why: 'fail',
  reason: 'why',
  by: null,
  force: false,
  ...given,
})

describe('on its way back', () => {
  it.each<[string, RolloutState, Surroundings, string]>([
    [
      'it does nothing else',
      stateOf(...at(2), back()),
      around(began + 60 * minute, { look: look('pass') }),
      '"to":0,"why":"back"',
    ],
    [
      'it does not go onto a stable that fails',
      stateOf(...at(2), back()),
      around(0, { health: 0.5 }),
      '"kind":"stuck","reason":"only 50% of stable\'s own requests succeed, below the health floor of 90%"',
    ],
    [
      'it waits there until stable succeeds',
      stateOf(...at(2), back(), { kind: 'stuck', reason: '' }),
      around(0, { health: 0.5 }),
      'abort --force',
    ],
    ['it goes once stable succeeds', stateOf(...at(2), back(), { kind: 'stuck', reason: '' }), around(0), '"to":0'],
    ['it goes where nobody knows how stable is', stateOf(...at(2), back()), around(0, { health: null }), '"to":0'],
    ['it goes where somebody insists', stateOf(...at(2), back({ force: true })), around(0, { health: 0.5 }), '"to":0'],
    [
      'it goes where a newer build may mend stable',
      stateOf(...at(2), back({ why: 'superseded' })),
      around(0, { health: 0.5 }),
      '"to":0',
    ],
    [
      'it calls somebody after three tries, and goes on trying',
      stateOf(
        ...at(2),
        back(),
        { kind: 'intent', to: 0, why: 'back', reason: '' },
        ...[1, 2, 3].map((): RolloutEvent => ({ kind: 'not-moved', to: 0, message: 'refused' })),
      ),
      around(60 * minute),
      '"kind":"stuck","reason":"it cannot be rolled back: refused"',
    ],
    [
      'what failed on the way there does not count',
      stateOf(
        ...at(1),
        ...[1, 2, 3, 4, 5].map((): RolloutEvent => ({ kind: 'not-moved', to: 2, message: '' })),
        back(),
      ),
      around(0),
      '"to":0',
    ],
    [
      'it ends there',
      stateOf(...at(2), back(), { kind: 'moved', to: 0, said: '' }),
      around(0),
      '"kind":"ended","how":"rolled-back"',
    ],
    [
      'it ends superseded',
      stateOf(...at(2), back({ why: 'superseded' }), { kind: 'moved', to: 0, said: '' }),
      around(0),
      '"how":"superseded"',
    ],
    ['it touches nothing where the canary never had anything', stateOf(started(), back()), around(0), '"kind":"ended"'],
  ])('%s', (_, state, seen, expected) => {
    expect(told(decide(state, seen))).toContain(expected)
  })
})

describe('a command', () => {
  const over = stateOf(...at(3).slice(0, 3), { kind: 'ended', how: 'completed', reason: '' })
  const moving = stateOf(...at(1), { kind: 'intent', to: 2, why: 'next', reason: '' })
  it.each<[RolloutCommand, RolloutState, string]>([
    ['abort', stateOf(...at(1)), 'event'],
    ['abort', moving, 'event'],
    ['abort', stateOf(started()), 'event'],
    ['abort', stateOf(...at(1), { kind: 'paused', by: null }), 'event'],
    ['abort', stateOf(...at(1), back()), 'so-already'],
    ['abort', over, 'it is over: completed'],
    ['pause', stateOf(...at(1), back()), 'it is rolling back: why'],
    ['pause', stateOf(...at(1), { kind: 'paused', by: null }), 'so-already'],
    ['resume', stateOf(...at(1)), 'it is not paused'],
    ['resume', stateOf(...at(1), { kind: 'held', reason: '' }), 'event'],
    ['advance', stateOf(...at(1), { kind: 'paused', by: null }), 'it is paused: resume it first'],
    ['advance', moving, 'it is already moving to the next stage'],
    ['approve', stateOf(...at(1)), 'its stage needs no approval'],
    ['approve', stateOf(...at(2)), 'event'],
  ])('%s', (command, state, expected) => {
    const said = commanded(state, command, { by: 'ada' })
    expect(said.kind === 'refused' ? said.why : said.kind).toBe(expected)
  })
})

it.each<[RolloutEvent[], string]>([
  [[started()], 'pending'],
  [[started(), { kind: 'intent', to: 1, why: 'next', reason: '' }], 'moving'],
  [at(1), 'baking'],
  [[...at(1), { kind: 'held', reason: '' }], 'holding'],
  [[...at(1), back()], 'rolling-back'],
  [[...at(1), back(), { kind: 'stuck', reason: '' }], 'stuck'],
  [
    [...at(1), back(), { kind: 'moved', to: 0, said: '' }, { kind: 'ended', how: 'rolled-back', reason: '' }],
    'rolled-back',
  ],
])('after %j it is %s', (events, phase) => {
  expect(phaseOf(stateOf(...events))).toBe(phase)
})

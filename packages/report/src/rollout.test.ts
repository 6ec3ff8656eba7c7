import type { RolloutAnswer, RolloutStageAnswer } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { rolloutHistoryText, rolloutLine, rolloutText } from './rollout.ts'

const stage = (amount: string, given: Partial<RolloutStageAnswer> = {}): RolloutStageAnswer => ({
  amount,
  bakeMs: 1_800_000,
  gate: 'pass',
  deadlineMs: 7_200_000,
  otherwise: 'hold',
  approve: false,
  isWhole: false,
  state: 'next',
  ...given,
})

const answer: RolloutAnswer = {
  id: '5d1c0f2b7a90',
  service: 'shop',
  stable: 'service.version=1.9.0',
  canary: 'service.version=2.0.0',
  phase: 'baking',
  isPaused: false,
  stage: 2,
  stages: [
    stage('1 host', { state: 'done' }),
    stage('10%', { state: 'now', gate: 'not-fail', otherwise: 'roll-back', approve: true }),
    stage('100%', { isWhole: true }),
  ],
  stageSince: '2026-11-30T10:00:00.000Z',
  waitsFor: 'the last 18 min of its bake time',
  needsApproval: false,
  outcome: 'inconclusive',
  comparison: '0123456789ab',
  comparisonUrl: 'http://127.0.0.1:4318/comparisons/0123456789ab',
  back: null,
  startedAt: '2026-11-30T09:00:00.000Z',
  startedBy: 'ada',
  endedAt: null,
  url: 'http://127.0.0.1:4318/rollouts/5d1c0f2b7a90',
}

const plain = { colors: false, nowMs: Date.parse('2026-11-30T10:12:00Z') }

it('tells where a rollout is, and what it waits for', () => {
  expect(
    rolloutText(answer, plain),
  ).toBe(`BAKING  shop: service.version=2.0.0 beside service.version=1.9.0  5d1c0f2b7a90

  ✓  1 host  a PASS after 30 min, else wait after 2 h
  ▸  10%     no FAIL after 30 min, else roll back after 2 h; somebody approves  for 12 min
     100%    everybody

Waiting for: the last 18 min of its bake time
INCONCLUSIVE  http://127.0.0.1:4318/comparisons/0123456789ab
http://127.0.0.1:4318/rollouts/5d1c0f2b7a90
`)
  expect(rolloutLine(answer)).toBe('stage 2 of 3 (10%), INCONCLUSIVE; waiting for the last 18 min of its bake time')
})

it('tells why one went back, and who said so', () => {
  const over: RolloutAnswer = {
    ...answer,
    phase: 'rolled-back',
    stage: 0,
    stages: answer.stages.map((one) => ({ ...one, state: 'next' })),
    stageSince: null,
    outcome: 'fail',
    back: { why: 'abort', reason: 'ada said so', by: 'ada' },
    endedAt: '2026-11-30T10:12:00.000Z',
  }
  expect(rolloutText(over, plain)).toContain('ROLLED BACK  shop: ')
  expect(rolloutText(over, plain)).toContain('Rolled back: ada said so (ada)\nFAIL  http')
})

it('tells what happened, with what came from outside shown as what it is', () => {
  const steps = [
    { number: 1, at: '2026-11-30T10:00:00.123Z', text: 'started', by: 'ada' },
    { number: 2, at: '2026-11-30T10:00:01.000Z', text: 'did not get to 10%: \u001b[2J', by: null },
  ]
  const text = rolloutHistoryText({ steps }, plain)
  expect(text).toContain('2026-11-30T10:00:00Z  ada  started\n')
  expect(text).not.toContain('\u001b')
})

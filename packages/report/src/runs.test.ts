import type { TestRunAnswer, UsersEffect } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { runLine, runsText, runText } from './runs.ts'

const level = { requests: 7_200, requestsPerSecond: 2, errorShare: 0.01, p50: 0.02, p90: 0.05, p99: 0.2 }
const users: UsersEffect = {
  outcome: 'hurt',
  message: 'errors 1 % -> 32 %',
  during: { from: '2026-11-29T10:00:00.000Z', to: '2026-11-29T10:02:00.000Z' },
  matched: {
    from: '2026-11-29T09:00:00.000Z',
    to: '2026-11-29T10:02:00.000Z',
    blockSeconds: 30,
    before: 120,
    after: 0,
  },
  falseAlarmRate: 0.05,
  services: [
    {
      service: 'shop',
      outcome: 'hurt',
      message: 'errors 1 % -> 32 %',
      during: { ...level, requests: 240, errorShare: 0.32, p90: 1.2 },
      without: level,
      moreErrors: 74,
      provedAt: '2026-11-29T10:01:30.000Z',
      findings: [
        {
          metric: 'errors',
          operation: null,
          decision: 'fail',
          without: 0.01,
          during: 0.32,
          unit: 'share',
          effect: 46,
          lower: 20,
          upper: null,
          margin: '1.5,0.1pp',
        },
        {
          metric: 'latency',
          operation: 'GET /cart',
          decision: 'inconclusive',
          without: 0.02,
          during: 0.021,
          unit: 'seconds',
          effect: 1.05,
          lower: 0.9,
          upper: 1.3,
          margin: '10%,2ms',
        },
      ],
    },
  ],
}
const revoked: TestRunAnswer = {
  run: 'load-7',
  state: 'revoked',
  startedAt: '2026-11-29T10:00:00.000Z',
  endedAt: '2026-11-29T10:02:05.000Z',
  owner: 'ana@shop.example',
  expiresAt: '2026-11-29T11:00:00.000Z',
  revoked: {
    at: '2026-11-29T10:02:05.000Z',
    by: 'coalmine',
    why: 'it hurts users: errors 1 % -> 32 %',
    lastSeenAfterSeconds: 0.4,
  },
  requests: 12_400,
  errors: 310,
  spans: 30_000,
  entities: 12,
  services: ['shop', 'stock'],
  flags: ['new-pricing=on'],
  operations: [
    { service: 'shop', operation: 'GET /cart', requests: 12_000, errors: 310 },
    { service: 'stock', operation: 'GET /stock', requests: 400, errors: 0 },
  ],
  writes: {
    apart: 120,
    withUsers: 3,
    targets: [
      { service: 'shop', target: 'postgresql db-1/shop.test_orders', writes: 120, usersWrites: 0 },
      { service: 'shop', target: 'postgresql db-1/shop.audit', writes: 3, usersWrites: 500 },
    ],
  },
  users,
}
const nothing: TestRunAnswer = {
  ...revoked,
  run: '',
  state: 'finished',
  owner: null,
  revoked: null,
  services: ['a', 'b', 'c'],
  flags: [],
  operations: [],
  writes: { apart: 0, withUsers: 0, targets: [] },
  users: null,
}
const hostile = {
  ...nothing,
  run: 'x \u001b[2J',
  state: 'running' as const,
  endedAt: null,
  users: { ...users, outcome: 'unharmed' as const },
}
const window = { since: '2026-11-23T00:00:00.000Z', until: '2026-11-30T00:00:00.000Z' }
const nowMs = Date.parse('2026-11-29T10:05:00Z')

it('has a line for each run', async () => {
  await expect(runsText({ ...window, runs: [revoked, nothing, hostile] }, { colors: false })).toMatchFileSnapshot(
    'runs.golden.txt',
  )
})

it('says of one what it did, where it wrote, and what it did to users', async () => {
  const texts = [revoked, nothing, { ...hostile, run: 'going' }].map((one) => runText(one, { colors: false, nowMs }))
  await expect(texts.join('\n')).toMatchFileSnapshot('run.golden.txt')
})

it('says in a line how one goes', () => {
  expect(runLine(revoked, nowMs)).toBe(
    'load-7  revoked  2 min 5 s  12\u202f400 requests  users HURT: errors 1 % -> 32 %',
  )
})

it('says how a run is marked where there is none', () => {
  expect(runsText({ ...window, runs: [] }, { colors: false })).toContain('"coalmine sign --run NAME"')
})

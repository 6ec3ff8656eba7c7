import { expect, it } from 'vitest'
import { type DoraDeploy, type DoraFailure, doraOf } from './dora.ts'

const hour = 3_600_000
const day = 24 * hour
const since = Date.UTC(2026, 10, 1)
const until = since + 28 * day

const deploy = (version: string, atMs: number, more: Partial<DoraDeploy> = {}): DoraDeploy => ({
  service: 'shop',
  version,
  what: '',
  atMs: since + atMs,
  servedMs: since + atMs,
  committedMs: 0,
  changes: 0,
  ...more,
})
const failure = (version: string, atMs: number, more: Partial<DoraFailure> = {}): DoraFailure => ({
  service: 'shop',
  version,
  atMs: since + atMs,
  share: 0.1,
  lastMs: since + atMs + 300_000,
  serves: false,
  ...more,
})
const dora = (deploys: readonly DoraDeploy[], failures: readonly DoraFailure[] = []) =>
  doraOf({ deploys, failures, sinceMs: since, untilMs: until }).services[0]!

it('counts deploys a week, how far they are apart, and how long a change takes to its first request', () => {
  const found = dora([
    deploy('1', 0, { committedMs: since - 2 * hour, servedMs: since + hour }),
    deploy('2', day, { committedMs: since + day - 5 * hour, servedMs: null, changes: 3 }),
    deploy('3', 4 * day),
    deploy('4', 5 * day),
    // Clocks that disagree tell no time.
    deploy('5', 6 * day, { committedMs: since + 7 * day }),
    deploy('6', -day),
    deploy('7', 28 * day),
  ])
  expect(found).toMatchObject({
    deploys: 5,
    perWeek: 1.25,
    between: { seconds: 86_400, of: 4 },
    leadTime: { seconds: 4 * 3_600, of: 2 },
    failed: 0,
    failRate: 0,
    recoveryTime: { seconds: null, of: 0 },
    bundled: 1,
  })
})

it('tells failures that a canary caught from those that everybody met, and how long they lasted', () => {
  const found = dora(
    ['1', '2', '3', '4'].map((version, at) => deploy(version, at * 3 * day)),
    [
      failure('1', 60_000),
      failure('2', 3 * day + 60_000, { share: 0.9, lastMs: since + 3 * day + 60_000 + 1_200_000 }),
      failure('3', 6 * day + 60_000, { share: null, lastMs: null }),
      failure('4', 9 * day + 60_000, { share: 0.5, serves: true }),
      // Of no deploy that is known.
      failure('0', 60_000),
    ],
  )
  expect(found).toMatchObject({
    deploys: 4,
    failed: 4,
    failRate: 1,
    caughtInCanary: 1,
    atFullTraffic: 2,
    shareNotKnown: 1,
    recoveryTime: { seconds: 750, of: 2 },
    notRecovered: 1,
  })
})

it('blames the last deploy of the build before the harm, and none for harm before it', () => {
  const twice = [deploy('1', 0), deploy('2', day), deploy('1', 2 * day)]
  expect(dora(twice, [failure('1', 2 * day + 60_000)])).toMatchObject({ failed: 1 })
  expect(dora([deploy('1', day)], [failure('1', 0)])).toMatchObject({ failed: 0 })
})

it.each([
  ['the deploy after a failed one, within a day', [deploy('1', 0), deploy('2', 2 * hour)], [failure('1', hour)], 1],
  ['one that comes two days later is none', [deploy('1', 0), deploy('2', 2 * day)], [failure('1', hour)], 0],
  ['the deploy after one that failed later is none', [deploy('1', 0), deploy('2', hour)], [failure('1', 2 * hour)], 0],
  ['going back to an earlier build', [deploy('1', 0), deploy('2', day), deploy('1', 2 * day)], [], 1],
  ['the same build again is none', [deploy('1', 0), deploy('1', 2 * day)], [], 0],
  ['what is called a hotfix', [deploy('1', 0), deploy('1.0.1-hotfix', day)], [], 1],
  ['what is called a revert', [deploy('1', 0), deploy('2', day, { what: 'Revert "new prices"' })], [], 1],
])('rework: %s', (_, deploys, failures, reworks) => {
  expect(dora(deploys, failures).reworks).toBe(reworks)
})

it('has each service by itself, the one with the most deploys first, and none without any', () => {
  const { services } = doraOf({
    deploys: [
      deploy('1', 0, { service: 'cart' }),
      deploy('1', 0),
      deploy('2', day),
      deploy('1', -day, { service: 'quiet' }),
    ],
    failures: [],
    sinceMs: since,
    untilMs: until,
  })
  expect(services.map(({ service, deploys }) => [service, deploys])).toEqual([
    ['shop', 2],
    ['cart', 1],
  ])
})

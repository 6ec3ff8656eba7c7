import { expect, it } from 'vitest'
import { type DoctorFacts, doctorText } from './doctor.ts'

const facts: DoctorFacts = {
  service: 'shop',
  spans: 12,
  firstMs: 0,
  lastMs: 1000,
  requests: 12,
  withBuild: 12,
  withFlags: 12,
  test: 0,
  withoutRoute: 0,
  builds: ['1.0.0'],
  flags: ['f'],
  instances: ['a'],
  sdks: [],
  evaluations: [],
  operations: [],
  late: 0,
  open: { ticks: 0, spans: 0, seconds: 0 },
}

const text = (changes: Partial<DoctorFacts>): string => doctorText({ ...facts, ...changes }, { colors: false })

it('says that operations are counted when their ticks close, and when that is', () => {
  expect(text({ open: { ticks: 2, spans: 12, seconds: 17 } })).toContain(
    'Operations are counted when a tick closes: 12 spans in 2 open ticks are not counted yet; they close in about 17 s while a server runs.',
  )
  expect(text({ open: { ticks: 1, spans: 12, seconds: 0 } })).toContain(
    '12 spans in 1 open tick are not counted yet; they close in a moment.',
  )
  expect(text({})).not.toContain('counted when')
})

const evaluation = {
  flag: 'new-pricing',
  evaluations: 1204,
  providers: ['unleash'],
  reasons: ['default', 'targeting_match'],
  errors: 0,
  errorTypes: [],
  firstMs: 0,
  lastMs: 1000,
  onSpans: true,
}
const gone = { ...evaluation, flag: 'gone', evaluations: 3, providers: [], reasons: ['error'], onSpans: false }
const failed = { ...gone, errors: 3, errorTypes: ['flag_not_found'] }

it('tells of each flag what events say, and which are on no span', async () => {
  await expect(text({ flags: ['new-pricing'], evaluations: [evaluation, failed] })).toMatchFileSnapshot(
    'doctor.golden.txt',
  )
  const more = Array.from({ length: 12 }, (_, index) => ({ ...gone, flag: `f${index}` }))
  expect(text({ evaluations: more })).toMatch(/and 2 more flags\n.*Flags f0, .*f9 and 2 more are evaluated, but on no/s)
  expect(text({ withFlags: 0, evaluations: [gone] })).not.toContain('No span has a flag')
})

it('tells what to do where evaluations came, but no span', () => {
  const silent = text({ spans: 0, requests: 0, evaluations: [{ ...evaluation, evaluations: 4 }, gone] })
  expect(silent).toContain('shop: no spans, 7 evaluations of flags, 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z')
  expect(silent).toContain('No spans have arrived, only log records: send spans here too')
  expect(silent).not.toContain('operation')
})

it('says that log records cannot be read', () => {
  const { evaluations: _, ...others } = facts
  const unread = 'store db.example: there is no table otel_logs'
  expect(doctorText({ ...others, unread }, { colors: false })).toContain(
    'evaluations   log records cannot be read: store db.example: there is no table otel_logs',
  )
  expect(doctorText(others, { colors: false })).toMatch(/evaluations {3}log records cannot be read\n/)
})

it('says whose names there are too many of', () => {
  const kinds = [
    { kind: 'GET /wp-admin', names: 600, requests: 600 },
    { kind: 'GET /cart', names: 1, requests: 9000 },
  ]
  expect(text({ names: { all: 612, kinds } })).toContain(
    '612 operations appeared within a day, and only the 500 busiest are told apart: 600 begin with GET /wp-admin (600 requests). Set http.route',
  )
  expect(text({ names: { all: 12, kinds } })).not.toContain('appeared within a day')
})

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
  operations: [],
  late: 0,
  open: { ticks: 0, spans: 0, seconds: 0 },
}

const text = (changes: Partial<DoctorFacts>): string => doctorText({ ...facts, ...changes }, { colors: false })

it('says that operations are counted when their ticks close, and when that is', () => {
  expect(text({ open: { ticks: 2, spans: 12, seconds: 17 } })).toContain(
    'Operations are counted when a tick closes: 12 spans wait for 2 ticks, in about 17 s while a server runs.',
  )
  expect(text({ open: { ticks: 1, spans: 12, seconds: 0 } })).toContain('12 spans wait for theirs, in a moment.')
  expect(text({})).not.toContain('counted when')
})

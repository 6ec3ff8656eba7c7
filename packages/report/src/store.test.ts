import { expect, it } from 'vitest'
import { storeText } from './store.ts'

it('tells what a store holds', () => {
  const traces = { table: 'otel_traces', rows: 1_200_000, bytes: 31_200_000, uncompressedBytes: 936_000_000 }
  const late = { table: 'coalmine_late', rows: 0, bytes: 0, uncompressedBytes: 0 }
  const sizes = {
    tables: [traces, late],
    oldestMs: Date.UTC(2026, 10, 20, 6),
    newestMs: Date.UTC(2026, 10, 20, 7),
    retentionDays: 14,
  }
  expect(storeText(sizes, { colors: false })).toBe(
    `Spans from 2026-11-20T06:00:00Z to 2026-11-20T07:00:00Z, kept for 14 days.

  table          rows       on disk  a row  compressed
  otel_traces    1\u202f200\u202f000  31.2 MB  26 B   x 30
  coalmine_late  0          0 B      -      -
`,
  )
})

it('tells of an empty one', () => {
  expect(storeText({ tables: [], retentionDays: 1 }, { colors: false })).toBe(
    'No spans yet; they are kept for 1 day.\n',
  )
})

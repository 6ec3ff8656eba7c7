import type { FlagMinute } from '@coalmine/store'
import { expect, it } from 'vitest'
import { flagArms } from './flag-arms.ts'

const minute = 60_000
const atMs = 30 * minute

/** Half an hour before and some minutes after, so many requests of each variant a minute. */
const minutes = (before: Record<string, number>, after: Record<string, number>, service = 'shop'): FlagMinute[] =>
  Array.from({ length: 40 }, (_, at) =>
    Object.entries(at < 30 ? before : after).map(([variant, requests]) => ({
      service,
      flag: 'pricing',
      variant,
      minuteMs: at * minute,
      requests,
    })),
  ).flat()

it.each([
  ['half get it', { off: 100 }, { off: 50, on: 50 }, { kind: 'variants', stable: 'off', canary: 'on' }],
  ['all get it', { off: 100 }, { on: 100 }, { kind: 'minutes-before', stable: 'off', canary: 'on' }],
  ['it is taken back', { off: 50, on: 50 }, { off: 90, on: 10 }, { kind: 'variants', stable: 'on', canary: 'off' }],
  ['it is gone', { off: 50, on: 50 }, { off: 100 }, { kind: 'minutes-before', stable: 'on', canary: 'off' }],
  ['nobody met it before', {}, { off: 50, on: 60 }, { kind: 'variants', stable: 'off', canary: 'on' }],
  ['one request in a thousand is a cache', { off: 100 }, { off: 0.1, on: 100 }, { kind: 'minutes-before' }],
  ['nothing moved', { off: 50, on: 50 }, { off: 50, on: 50 }, undefined],
  ['by chance alone', { off: 52, on: 48 }, { off: 50, on: 50 }, undefined],
  ['one variant, as before', { on: 100 }, { on: 100 }, undefined],
  ['hardly any requests since', { off: 100 }, { on: 1 }, undefined],
])('finds who tells what a turn did: %s', (_, before, after, expected) => {
  const found = flagArms(minutes(before as Record<string, number>, after as Record<string, number>), atMs)
  if (expected === undefined) expect(found).toEqual([])
  else expect(found).toMatchObject([{ service: 'shop', ...expected }])
})

it('begins with the service that has most requests', () => {
  const all = [...minutes({ off: 10 }, { on: 10 }, 'small'), ...minutes({ off: 100 }, { on: 100 }, 'large')]
  expect(flagArms(all, atMs).map(({ service }) => service)).toEqual(['large', 'small'])
})

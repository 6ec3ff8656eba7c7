import type { Dora } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { doraText } from './dora.ts'

const shop: Dora = {
  service: 'shop',
  deploys: 24,
  leadTime: { seconds: 12_000, of: 18 },
  perWeek: 24 / (90 / 7),
  between: { seconds: 187_200, of: 23 },
  recoveryTime: { seconds: 720, of: 2 },
  notRecovered: 1,
  failed: 3,
  failRate: 0.125,
  caughtInCanary: 2,
  atFullTraffic: 1,
  shareNotKnown: 0,
  reworks: 2,
  reworkRate: 2 / 24,
  bundled: 5,
}
const nothing: Dora = {
  service: 'cart \u001b[2J',
  deploys: 1,
  leadTime: { seconds: null, of: 0 },
  perWeek: 1 / (90 / 7),
  between: { seconds: null, of: 0 },
  recoveryTime: { seconds: null, of: 0 },
  notRecovered: 0,
  failed: 0,
  failRate: 0,
  caughtInCanary: 0,
  atFullTraffic: 0,
  shareNotKnown: 0,
  reworks: 0,
  reworkRate: 0,
  bundled: 0,
}
const window = { since: '2026-09-01T00:00:00.000Z', until: '2026-11-30T00:00:00.000Z' }
const text = (services: readonly Dora[]): string => doraText({ ...window, services }, { colors: false })

it('says each metric and how it was counted', async () => {
  await expect(text([shop, nothing])).toMatchFileSnapshot('dora.golden.txt')
})

it('has a line for each of many services', async () => {
  const many = ['a', 'b', 'c'].map((service) => ({ ...shop, service }))
  await expect(text([...many, nothing])).toMatchFileSnapshot('dora-overview.golden.txt')
})

it('says what a deploy is where there was none', () => {
  expect(text([])).toBe(
    'No deploys from 2026-09-01 to 2026-11-30, 90 days: report them with "coalmine deploy"; with --service, builds that nobody reported count too.\n',
  )
})

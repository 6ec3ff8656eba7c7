import { expect, it } from 'vitest'
import { freshStore } from '../test/fresh-store.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { cart } from '../test/totals.ts'
import type { Change } from './change.ts'

const fresh = freshStore()

const deploy: Change = {
  id: 'ci/7',
  kind: 'deploy',
  service: 'storefront',
  version: '2.0.0',
  flag: '',
  what: 'Release "2.0.0"\nwith <b> and \\',
  author: 'maria',
  mergedBy: '',
  commit: '4f2c9d1aa0b7',
  url: 'https://example.com/shop/pull/7',
  environment: 'production',
  changes: 0,
  committedMs: 0,
  atMs: firstStart - 60_123,
  source: 'cli',
}
const flag: Change = {
  ...deploy,
  id: 'flag/1',
  kind: 'flag',
  service: '',
  version: '',
  flag: 'pricing',
  atMs: firstStart,
}

it('keeps what is reported, once however often it is, and tells it of its service', async () => {
  const { changes } = fresh.store
  expect(await changes.keep({ ...deploy, author: 'nobody yet' })).toBe(true)
  await changes.keep(deploy)
  await changes.keep(flag)
  await changes.keep({ ...deploy, id: 'ci/8', service: 'cart' })
  expect(await changes.list({ service: 'storefront' })).toEqual([
    { ...flag, servedMs: null },
    { ...deploy, servedMs: null },
  ])
  expect((await changes.list()).map(({ id }) => id).sort()).toEqual(['ci/7', 'ci/8', 'flag/1'])
  expect(await changes.list({ service: 'storefront', kind: 'flag' })).toHaveLength(1)
  expect(await changes.list({ service: 'storefront', sinceMs: firstStart })).toHaveLength(1)
  expect(await changes.list({ service: 'storefront', untilMs: firstStart })).toHaveLength(1)
  expect(await changes.list({ service: 'storefront', limit: 1 })).toHaveLength(1)
  expect(await changes.list({ service: 'nobody' })).toEqual([{ ...flag, servedMs: null }])
})

it('says who wrote and merged the deploy of a build: from reports, and from the spans of the build', async () => {
  const resource = {
    'coalmine.change.author': 'maria',
    'coalmine.change.merger': 'noah',
    'coalmine.change.count': '3',
    'vcs.change.id': '7',
    'vcs.repository.url.full': 'https://github.com/example/shop',
    'vcs.ref.head.revision': '4f2c9d1aa0b7c1d2',
  }
  await fresh.store.ingest.insert(
    batchOf(
      spanOf(),
      spanOf({ resource, attributes: cart({ 'service.version': '2.0.0' }), atMs: 60_000 }),
      // Tests that come before any user deploy nothing.
      spanOf({ attributes: cart({ 'service.version': '3.0.0', 'coalmine.test': 'true' }), atMs: 60_000 }),
    ),
  )
  await fresh.closeAll()
  const { changes } = fresh.store
  expect(await changes.deployOf('storefront', '2.0.0')).toMatchObject({
    id: 'spans/storefront/2.0.0',
    author: 'maria',
    mergedBy: 'noah',
    changes: 3,
    commit: '4f2c9d1aa0b7c1d2',
    url: 'https://github.com/example/shop/pull/7',
    atMs: firstStart + 60_000,
    servedMs: firstStart + 60_000,
    source: 'spans',
  })
  await changes.keep({ ...deploy, author: 'm.sand', url: '' })
  expect(await changes.deployOf('storefront', '2.0.0')).toMatchObject({
    id: 'ci/7',
    author: 'm.sand',
    mergedBy: 'noah',
    url: 'https://github.com/example/shop/pull/7',
    atMs: deploy.atMs,
    servedMs: firstStart + 60_000,
    source: 'cli',
  })
  expect(await changes.deployOf('storefront', '3.0.0')).toBeUndefined()
  expect(await changes.deployOf('storefront', '9.9.9')).toBeUndefined()

  // Kept, it is known when the spans are gone; once is enough.
  expect(await changes.noteServed(firstStart)).toBe(2)
  expect(await changes.noteServed(firstStart)).toBe(0)
  const known = await changes.list({ service: 'storefront', kind: 'deploy' })
  expect(known.map(({ version, servedMs, source }) => [version, servedMs, source])).toEqual([
    ['1.0.0', firstStart, 'spans'],
    ['2.0.0', firstStart + 60_000, 'cli'],
  ])
  const ofAll = await changes.list({ kind: 'deploy' })
  expect(ofAll.map(({ version, servedMs }) => [version, servedMs])).toEqual([
    ['1.0.0', firstStart],
    ['2.0.0', firstStart + 60_000],
  ])

  const verdict = { service: 'storefront', stable: 'service.version=1.0.0', verdict: 'fail' } as const
  await fresh.store.memory.rememberVerdict({ ...verdict, canary: 'service.version=2.0.0' })
  await fresh.store.memory.rememberVerdict({ ...verdict, canary: 'flag:new=on' })
  const failures = await fresh.store.services.failures(firstStart)
  // Judged now, and served yesterday: within a day, or longer ago than is looked for.
  expect(failures.map(({ service, version }) => [service, version])).toEqual([['storefront', '2.0.0']])
  expect(await fresh.store.services.failures(firstStart, 'nobody')).toEqual([])
  expect(await fresh.store.services.failures(Date.now() + 60_000)).toEqual([])

  const { builds, all, binSeconds, startMs } = await fresh.store.services.builds('storefront')
  expect(builds.map(({ version, bins }) => [version, bins.reduce((sum, one) => sum + one, 0)])).toEqual([
    ['2.0.0', 1],
    ['1.0.0', 1],
  ])
  expect([startMs, binSeconds, all.length, all[0], all.at(-1)]).toEqual([firstStart, 5, 13, 1, 1])
  expect(await fresh.store.services.builds('nobody')).toEqual({ startMs: 0, binSeconds: 5, builds: [], all: [] })
})

import { expect, it } from 'vitest'
import { freshStore } from '../test/fresh-store.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { cart } from '../test/totals.ts'

const fresh = freshStore()
const hourMs = 3_600_000
const production = { 'deployment.environment.name': 'production' }

/** So many requests that met a variant, one a second. */
const met = (count: number, atMs: number, flags: Record<string, string>, resource = production, version = '1.0.0') =>
  Array.from({ length: count }, (_, index) =>
    spanOf({ atMs: atMs + index * 1_000, resource, attributes: cart({ 'service.version': version, ...flags }) }),
  )

const on = { 'coalmine.flag.pricing': 'on' }
const off = { 'coalmine.flag.pricing': 'off' }

it('knows of each flag which variants users met, by environment and build, from hours and from ticks', async () => {
  const hold = await fresh.store.ingest.hold()
  await fresh.store.ingest.insert(
    batchOf(
      ...met(3, -50 * hourMs, on),
      ...met(4, -2 * hourMs, on),
      ...met(5, -2 * hourMs, off, { 'deployment.environment.name': 'staging' }, '2.0.0'),
      // Packed, as the marks may be, and tests count for nobody.
      ...met(6, -2 * hourMs, { 'coalmine.flags': 'pricing=off;banner=b' }),
      ...met(9, -2 * hourMs, { ...on, 'coalmine.test': 'true' }),
      ...met(7, 0, on),
      ...met(2, 0, off, { 'deployment.environment.name': 'staging' }, '3.0.0'),
    ),
    hold,
  )
  fresh.store.ingest.release(hold)
  await fresh.closeAfter(60_000)

  const life = async () => fresh.store.flags.life({ days: [1, 7, 30] })
  const { variants, builds, known } = await life()
  expect(variants.map(({ environment, flag, variant, requests }) => [environment, flag, variant, requests])).toEqual(
    expect.arrayContaining([
      ['production', 'banner', 'b', [6, 6, 6]],
      ['production', 'pricing', 'off', [6, 6, 6]],
      ['production', 'pricing', 'on', [11, 14, 14]],
      ['staging', 'pricing', 'off', [7, 7, 7]],
    ]),
  )
  expect(variants).toHaveLength(4)
  const pricing = variants.find((one) => one.environment === 'production' && one.variant === 'on')!
  expect([pricing.firstMs, pricing.lastMs]).toEqual([firstStart - 50 * hourMs, firstStart + 5_000])
  expect(
    builds.filter(({ flag }) => flag !== 'banner').map((one) => [one.environment, one.flag, one.build, one.requests]),
  ).toEqual(
    expect.arrayContaining([
      ['production', '', '1.0.0', 20],
      ['production', 'pricing', '1.0.0', 20],
      ['staging', 'pricing', '2.0.0', 5],
      // Its hour is not over: its first spans say where it runs.
      ['staging', 'pricing', '3.0.0', 2],
    ]),
  )
  expect(known).toEqual([{ service: 'storefront', sinceMs: firstStart - 50 * hourMs }])
  const ofBanner = async () =>
    (await life()).variants.filter(({ flag }) => flag === 'banner').map(({ requests }) => requests)
  expect(await ofBanner()).toEqual([[6, 6, 6]])
  // An import opens a tick of an hour that is summed up, and of one that is not.
  const again = await fresh.store.ingest.hold()
  const banner = { 'coalmine.flag.banner': 'b' }
  await fresh.store.ingest.insert(batchOf(...met(1, -2 * hourMs, banner), ...met(1, 1_000, banner)), again)
  fresh.store.ingest.release(again)
  await fresh.closeAfter(120_000)
  expect(await ofBanner()).toEqual([[8, 8, 8]])
  // And one of a day that is over, and summed up.
  const long = await fresh.store.ingest.hold()
  await fresh.store.ingest.insert(batchOf(...met(1, -50 * hourMs, banner)), long)
  fresh.store.ingest.release(long)
  await fresh.closeAfter(180_000)
  await fresh.store.flags.sumUp()
  expect(await ofBanner()).toEqual([[8, 9, 9]])
})

it('is the same when an hour is over as it was before', async () => {
  const hold = await fresh.store.ingest.hold()
  await fresh.store.ingest.insert(
    batchOf(
      ...met(3, -50 * hourMs, on),
      ...met(7, 0, on),
      ...met(2, 0, off, { 'deployment.environment.name': 'staging' }, '3.0.0'),
    ),
    hold,
  )
  fresh.store.ingest.release(hold)
  await fresh.closeAfter(60_000)
  const life = () => fresh.store.flags.life({ days: [1, 7, 30] })
  const { variants, builds, known } = await life()
  // Asked again it is the same, and an hour later too, when all of it is summed up.
  expect(await life()).toEqual({ variants, builds, known })
  await fresh.closeAfter(1.5 * hourMs)
  expect(await fresh.store.flags.sumUp()).toBe(1)
  expect(await fresh.store.flags.sumUp()).toBe(0)
  const later = await life()
  const inOrder = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort()
  expect(inOrder(later.variants)).toEqual(inOrder(variants))
  expect(inOrder(later.builds)).toEqual(inOrder(builds))
  expect((await fresh.store.flags.life({ flag: 'pricing', days: [7] })).variants).toHaveLength(2)
  expect((await fresh.store.flags.life({ service: 'nobody', days: [7] })).variants).toEqual([])
})

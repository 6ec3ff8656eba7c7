import { coalmineHook } from '@coalmine/flags/openfeature'
import { type Client, InMemoryProvider, OpenFeature, ProviderEvents } from '@openfeature/server-sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eachVariant } from './each-variant.ts'
import { flagProvider } from './openfeature.ts'
import { withFlags } from './with-flags.ts'

const flags = {
  'free-shipping': { disabled: false, variants: { on: true, off: false }, defaultVariant: 'off' },
  colour: { disabled: false, variants: { sky: 'blue', fire: 'red' }, defaultVariant: 'sky' },
  discount: { disabled: false, variants: { none: 0, some: 5 }, defaultVariant: 'none' },
  layout: { disabled: false, variants: { grid: { columns: 3 }, list: {} }, defaultVariant: 'grid' },
} as const

const real = new InMemoryProvider(flags)
let client: Client

beforeAll(async () => {
  OpenFeature.addHooks(coalmineHook())
  await OpenFeature.setProviderAndWait(flagProvider(real, flags))
  client = OpenFeature.getClient()
})
afterAll(() => OpenFeature.close())

const readAll = async () => [
  await client.getBooleanValue('free-shipping', false),
  await client.getStringValue('colour', ''),
  await client.getNumberValue('discount', -1),
  await client.getObjectValue('layout', {}),
]

it('gives the flags that the test sets, of every type, and the provider’s own otherwise', async () => {
  const all = { 'free-shipping': true, colour: 'red', discount: 5, layout: { columns: 1 } }
  expect(await withFlags(all, readAll)).toEqual([true, 'red', 5, { columns: 1 }])
  expect(await withFlags({ discount: 7 }, readAll)).toEqual([false, 'blue', 7, { columns: 3 }])
  expect(await readAll()).toEqual([false, 'blue', 0, { columns: 3 }])
})

it('serves each variant', async () => {
  await eachVariant({ colour: ['red', 'blue', 'green'] }, async (set) => {
    expect(await client.getStringValue('colour', '')).toBe(set['colour'])
  })
})

it('names the known flags, where one is unknown', () => {
  expect(() => withFlags({ color: 'red' }, () => {})).toThrow(
    'unknown flag "color": the known ones are colour, discount, free-shipping, layout',
  )
})

it('fails a test that sets a flag to another type than the code asks for', async () => {
  const message = 'the test sets the flag "free-shipping" to a string, but the code asks for a boolean'
  await expect(withFlags({ 'free-shipping': 'yes' }, readAll)).rejects.toThrow(message)
  const failing = withFlags({ 'free-shipping': 'yes' }, async () => {
    expect(await client.getBooleanValue('free-shipping', false)).toBe(true)
  })
  await expect(failing).rejects.toThrow(message)
})

it('is the real provider in every other way', async () => {
  expect(client.providerStatus).toBe('READY')
  expect(client.metadata.providerMetadata).toEqual(real.metadata)
  const changed = new Promise((resolve) => client.addHandler(ProviderEvents.ConfigurationChanged, resolve))
  await real.putConfiguration({ ...flags, discount: { ...flags.discount, defaultVariant: 'some' } })
  await changed
  expect(await client.getNumberValue('discount', -1)).toBe(5)
})

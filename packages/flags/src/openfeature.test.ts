import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FLAGS_TARGETED, MarkProcessor } from '@coalmine/marks'
import { FlagdProvider } from '@openfeature/flagd-provider'
import { type Client, InMemoryProvider, OpenFeature, type Provider } from '@openfeature/server-sdk'
import { context, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recordFlagChanges } from './flag-changes.ts'
import { coalmineHook, recordConfigurationChanges } from './openfeature.ts'
import { recordEvaluation } from './record.ts'

const exporter = new InMemorySpanExporter()
const folder = mkdtempSync(join(tmpdir(), 'coalmine-flags-'))
const inItself = { self: {} }
inItself.self = inItself
const user = { targetingKey: 'jane@example.com', tier: 'gold' }

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spanProcessors = [new MarkProcessor({ build: {} }), new SimpleSpanProcessor({ exporter })]
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
  OpenFeature.addHooks(coalmineHook())
})
afterAll(async () => {
  await OpenFeature.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => exporter.reset())

const providers: [string, () => Provider][] = [
  [
    'in memory',
    () =>
      new InMemoryProvider({
        'new-pricing': {
          disabled: false,
          variants: { on: true, off: false },
          defaultVariant: 'off',
          contextEvaluator: (context) => (context['tier'] === 'gold' ? 'on' : 'off'),
        },
        layout: { disabled: false, variants: { grid: { columns: 3 }, list: {} }, defaultVariant: 'grid' },
      }),
  ],
  [
    'flagd, in process, from a file',
    () => {
      const file = join(mkdtempSync(join(folder, 'flagd-')), 'flags.json')
      const state = 'ENABLED'
      const targeting = { if: [{ '==': [{ var: 'tier' }, 'gold'] }, 'on', 'off'] }
      const flags = {
        'new-pricing': { state, variants: { on: true, off: false }, defaultVariant: 'off', targeting },
        layout: { state, variants: { grid: { columns: 3 }, list: {} }, defaultVariant: 'grid' },
      }
      writeFileSync(file, JSON.stringify({ flags }))
      return new FlagdProvider({ resolverType: 'in-process', offlineFlagSourcePath: file })
    },
  ],
]

describe.each(providers)('OpenFeature with a provider %s', (domain, provider) => {
  let client: Client
  beforeAll(async () => {
    await OpenFeature.setProviderAndWait(domain, provider())
    client = OpenFeature.getClient(domain)
  })

  it('marks the request with each variant, and leaves the values as they are', async () => {
    const marks = await request(async () => {
      expect(await client.getBooleanValue('new-pricing', false, user)).toBe(true)
      expect(await client.getObjectValue('layout', {}, user)).toEqual({ columns: 3 })
    })
    expect(marks).toEqual({ 'coalmine.flag.new-pricing': 'on', 'coalmine.flag.layout': 'grid' })
  })

  it('marks the default that an unknown flag, or one of another type, was given', async () => {
    const marks = await request(async () => {
      expect(await client.getBooleanValue('unknown', true, user)).toBe(true)
      expect(await client.getStringValue('new-pricing', 'fallback', user)).toBe('fallback')
    })
    expect(marks['coalmine.flag.unknown']).toBe('true')
    expect(marks['coalmine.flag.new-pricing']).toBeDefined()
  })

  it('keeps two requests apart, whose evaluations overlap', async () => {
    const as = (tier: string) =>
      request(async () => {
        await sleep(Math.random() * 5)
        await client.getBooleanValue('new-pricing', false, { targetingKey: 'x', tier })
      })
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => as(i % 2 ? 'gold' : 'none')))
    expect(all).toEqual(all.map((_, i) => ({ 'coalmine.flag.new-pricing': i % 2 ? 'on' : 'off' })))
  })

  it('says (mixed) where one request had two variants', async () => {
    const marks = await request(async () => {
      await client.getBooleanValue('new-pricing', false, user)
      await client.getBooleanValue('new-pricing', false, {})
    })
    expect(marks).toEqual({ 'coalmine.flag.new-pricing': '(mixed)' })
  })

  it('does nothing, quietly, outside a request', async () => {
    expect(await client.getBooleanValue('new-pricing', false, user)).toBe(true)
  })
})

it('an SDK before 1.17, which does not tell the last stage how the evaluation ended, leaves the same mark', async () => {
  const hook = coalmineHook()
  const evaluate = async (details?: object) => {
    const hookContext = { flagKey: 'new-pricing', defaultValue: false, providerMetadata: { name: 'flagd' } } as never
    if (details) await hook.after!(hookContext, { flagKey: 'new-pricing', ...details } as never, {})
    await hook.finally!(hookContext, {} as never, undefined as never)
  }
  expect(await request(() => evaluate({ value: true, variant: 'on' }))).toEqual({ 'coalmine.flag.new-pricing': 'on' })
  expect(await request(() => evaluate())).toEqual({ 'coalmine.flag.new-pricing': 'false' })
})

it.each([
  ['the variant’s name', { variant: 'on', value: { a: 1 } }, 'on'],
  ['a boolean', { value: false }, 'false'],
  ['a number', { value: 0.25 }, '0.25'],
  ['a short text', { value: 'blue' }, 'blue'],
  ['null', { value: null }, 'null'],
  ['nothing at all', {}, 'undefined'],
  ['a hash for an object', { value: { secret: 'x' } }, expect.stringMatching(/^[0-9a-f]{12}$/)],
  ['a number as the name of a variant', { variant: 3 as never }, '3'],
  ['the value where the variant is null', { variant: null as never, value: true }, 'true'],
  ['a hash for a name that is too long', { variant: 'v'.repeat(129) }, expect.stringMatching(/^[0-9a-f]{12}$/)],
  ['a hash for an object with a bigint', { value: { a: 10n } }, expect.stringMatching(/^[0-9a-f]{12}$/)],
  ['a word for an object in itself', { value: inItself }, '(object)'],
  ['a hash for a long text', { value: 'x'.repeat(33) }, expect.stringMatching(/^[0-9a-f]{12}$/)],
])('records %s', async (_, evaluation, expected) => {
  const marks = await request(async () => recordEvaluation({ key: 'f', ...evaluation }))
  expect(marks).toEqual({ 'coalmine.flag.f': expected })
})

it('reads a variant that is a large object once, however often it is evaluated', async () => {
  let reads = 0
  const value = { toJSON: () => ({ reads: ++reads }) }
  const marks = await request(async () => {
    for (let i = 0; i < 3; i++) recordEvaluation({ key: 'f', value })
  })
  expect([marks['coalmine.flag.f'], reads]).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/), 1])
})

it('does not throw, whatever it is given', () => {
  expect(() => recordEvaluation({ key: Symbol('f') as never, value: Symbol('on') })).not.toThrow()
  expect(() => recordEvaluation({ key: 'f', variant: Symbol('on') as never })).not.toThrow()
  expect(() => recordEvaluation(undefined as never)).not.toThrow()
})

/** The marks of the SERVER span of a request in which `handle` ran. */
async function request(handle: () => Promise<void>): Promise<Record<string, unknown>> {
  const tracer = trace.getTracer('test')
  const id = await tracer.startActiveSpan('server', { kind: SpanKind.SERVER }, async (span) => {
    await handle()
    span.end()
    return span.spanContext().spanId
  })
  const attributes = exporter.getFinishedSpans().find((span) => span.spanContext().spanId === id)?.attributes ?? {}
  const { [FLAGS_TARGETED]: _, ...marks } = attributes
  return marks
}

it('tells which flags a provider says that changed, as spans that are no requests', async () => {
  const flag = { disabled: false, variants: { on: true, off: false }, defaultVariant: 'off' }
  const provider = new InMemoryProvider({ 'new-pricing': flag })
  await OpenFeature.setProviderAndWait('changing', provider)
  recordConfigurationChanges(OpenFeature)
  await provider.putConfiguration({ 'new-pricing': { ...flag, defaultVariant: 'on' } })
  const changes = () => exporter.getFinishedSpans().filter(({ name }) => name === 'feature_flag.configuration_changed')
  await expect.poll(() => changes().length).toBe(1)
  const [change] = changes()
  expect(change!.attributes).toMatchObject({
    'feature_flag.key': 'new-pricing',
    'feature_flag.provider.name': provider.metadata.name,
  })
  expect([change!.kind, change!.parentSpanContext?.spanId]).toEqual([
    SpanKind.INTERNAL,
    expect.stringMatching(/^[0-9a-f]{16}$/),
  ])
  expect(() => recordFlagChanges(undefined as never)).not.toThrow()
  // All flags at once are read anew, not changed.
  recordFlagChanges(Array.from({ length: 51 }, (_, at) => `flag-${at}`))
  expect(changes()).toHaveLength(1)
})

import { createRequire } from 'node:module'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { fastify } from 'fastify'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { exporter, finished, useSdk } from '../../../test/contract/sdk.ts'
import { coalmine } from './coalmine.ts'

const instrumentations = [new HttpInstrumentation(), new FastifyOtelInstrumentation({ registerOnInitialization: true })]
registerInstrumentations({ instrumentations })
createRequire(import.meta.url)('node:http')

beforeAll(() => useSdk({ instrumentations }, { sampled: true }))
beforeEach(() => exporter.reset())

it('the spans of an application are called the same with the plugin and without', async () => {
  const without = await namesOf(false)
  expect(without.length).toBeGreaterThan(4)
  expect(await namesOf(true)).toEqual(without)
})

it('is registered under its name', async () => {
  const app = fastify()
  await app.register(coalmine)
  expect(app.hasPlugin('@coalmine/fastify')).toBe(true)
  await app.register(async (nested) => expect(nested.hasPlugin('@coalmine/fastify')).toBe(true))
})

/** Names of spans, and what the instrumentation says of each with the application's own names in it. */
async function namesOf(withPlugin: boolean): Promise<unknown[]> {
  exporter.reset()
  const app = fastify({ forceCloseConnections: true })
  app.addHook('preHandler', async () => {})
  // Waiting for any plugin lets those in that wait already.
  await (withPlugin ? app.register(coalmine) : app.after())
  app.addHook('preHandler', async () => {})
  app.get('/', async () => 'hello')
  await app.register(
    async (nested) => {
      await (withPlugin ? nested.register(coalmine) : nested.after())
      nested.addHook('onSend', async () => {})
      nested.get('/', async () => 'hello')
    },
    { prefix: '/nested' },
  )
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const path of ['/', '/nested']) await (await fetch(url + path)).text()
  const spans = await finished(2)
  await app.close()
  return spans.map(({ name, attributes }) => [name, attributes['hook.name'], attributes['hook.callback.name']])
}

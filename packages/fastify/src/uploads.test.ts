import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { currentTraffic } from '@coalmine/marks'
import multipart from '@fastify/multipart'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import websocket from '@fastify/websocket'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { type FastifyInstance, fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { noSdk, useSdk } from '../../../test/contract/sdk.ts'
import { coalmine } from './coalmine.ts'

const instrumentations = [new HttpInstrumentation(), new FastifyOtelInstrumentation({ registerOnInitialization: true })]
registerInstrumentations({ instrumentations })
createRequire(import.meta.url)('node:http')

let app: FastifyInstance
beforeAll(async () => {
  app = await shop()
})
afterAll(() => app.close())

describe.each<[string, () => Promise<void>]>([
  ['without an SDK', async () => noSdk({ instrumentations })],
  ['with one', () => useSdk({ instrumentations }, { sampled: true })],
  ['with one that samples nothing', () => useSdk({ instrumentations }, { sampled: false })],
  ['with one that has no propagator', () => useSdk({ instrumentations }, { sampled: true, propagator: false })],
])('everywhere in a request the answer is the same, %s', (_, prepare) => {
  beforeAll(prepare)

  it.each(['/file-data', '/parts', '/saved', '/raw', '/hooks'])('a body that is posted to %s', async (path) => {
    expect(await posted(path, { 'x-test': '1' })).toEqual(['test'])
    expect(await posted(path)).toEqual(['users'])
  })

  it('a request that is injected', async () => {
    for (const [headers, told] of [
      [{ 'x-test': '1' }, ['test']],
      [{}, ['users']],
    ] as const) {
      const request = { method: 'POST', url: '/raw', headers: { ...headers, 'content-type': 'text/raw' } } as const
      expect((await app.inject({ ...request, payload: 'injected' })).json()).toEqual(told)
    }
  })

  it('the listeners of a websocket, from its first message to its last', async () => {
    expect(await messages({ 'x-test': '1' })).toEqual(['test', 'test', 'test'])
    expect(await messages({})).toEqual(['users', 'users', 'users'])
    await expect.poll(() => closed).toEqual(['test', 'users'])
    closed.splice(0)
  })
})

const closed: string[] = []

async function shop(): Promise<FastifyInstance> {
  const shop = fastify({ forceCloseConnections: true })
  await shop.register(coalmine, { testTraffic: ({ headers }) => headers['x-test'] !== undefined })
  await shop.register(multipart)
  await shop.register(websocket)
  shop.addContentTypeParser('text/raw', (_request, payload, done) => done(null, payload))
  shop.decorateRequest('told')
  shop.addHook('onRequest', async (request) => {
    request.told = new Set()
  })
  for (const hook of ['preParsing', 'preValidation', 'preHandler', 'onSend'] as const) {
    shop.addHook(hook, async (request: { told: Set<string> }) => void request.told.add(currentTraffic()))
  }
  shop.post('/hooks', async (request) => {
    await request.file().then((part) => part?.toBuffer())
    return [...request.told]
  })
  shop.post('/file-data', async (request) => {
    const told = new Set<string>()
    const part = await request.file()
    await new Promise((done) => part?.file.on('data', () => told.add(currentTraffic())).on('end', done))
    return [...told]
  })
  shop.post('/parts', async (request) => {
    const told = new Set<string>()
    for await (const part of request.parts()) {
      told.add(currentTraffic())
      if (part.type === 'file') for await (const _ of part.file) told.add(currentTraffic())
    }
    return [...told]
  })
  shop.post('/saved', async (request) => {
    await request.saveRequestFiles()
    return [currentTraffic()]
  })
  shop.post('/raw', (request, reply) => {
    const told = new Set<string>()
    const body = request.headers['content-type'] === 'text/raw' ? (request.body as NodeJS.ReadableStream) : request.raw
    body.on('data', () => told.add(currentTraffic()))
    body.on('end', () => void reply.send([...told]))
  })
  shop.get('/socket', { websocket: true }, (socket) => {
    socket.on('message', () => socket.send(currentTraffic()))
    socket.on('close', () => closed.push(currentTraffic()))
  })
  await shop.listen({ port: 0, host: '127.0.0.1' })
  return shop
}

declare module 'fastify' {
  interface FastifyRequest {
    told: Set<string>
  }
}

async function posted(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(200_000)]), 'a.bin')
  const response = await fetch(`http://127.0.0.1:${port()}${path}`, { method: 'POST', body: form, headers })
  return response.json()
}

async function messages(headers: Record<string, string>): Promise<string[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${port()}/socket`, { headers })
  const told: string[] = []
  await new Promise((done) => socket.once('open', done))
  for (let i = 0; i < 3; i++) {
    const answer = new Promise<string>((done) => socket.once('message', (data) => done(String(data))))
    socket.send('again')
    told.push(await answer)
  }
  socket.close()
  return told
}

function port(): number {
  return (app.server.address() as AddressInfo).port
}

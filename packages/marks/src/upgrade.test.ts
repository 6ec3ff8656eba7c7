import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withRequestMarks } from './request.ts'
import { currentTraffic } from './traffic.ts'

// A server of websockets without a framework, as of the package ws: a connection is one request.
const told: string[] = []
const gate = new EventEmitter()
const server = http.createServer()
server.on('upgrade', (req, socket) => {
  const options = { testTraffic: ({ headers }: http.IncomingMessage) => headers['x-test'] !== undefined }
  withRequestMarks(req, req, options, () => {
    socket.on('data', async (message) => {
      if (String(message) === 'slowly') await once(gate, 'open')
      told.push(`${message}: ${currentTraffic()}`)
      if (!socket.destroyed) socket.write(currentTraffic())
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => undefined)
    if (!req.headers['x-other']) socket.on('close', () => told.push(`close: ${currentTraffic()}`))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
})

beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'))
afterAll(() => void server.close().closeAllConnections())

it.each([
  ['test', { 'x-test': '1' }],
  ['users', {}],
] as const)('messages of %s are of the request that its connection began with', async (traffic, headers) => {
  told.splice(0)
  const [one, other] = [
    await connect(headers),
    await connect({ ...(traffic === 'test' ? {} : { 'x-test': '1' }), 'x-other': '1' }),
  ]
  for (const message of ['a', 'b']) {
    one.write(message)
    expect(String(await once(one, 'data'))).toBe(traffic)
  }
  one.end()
  await expect.poll(() => told).toEqual([`a: ${traffic}`, `b: ${traffic}`, `close: ${traffic}`])
  other.destroy()
})

it('a message is handled to its end as what it was, though its connection breaks in the middle', async () => {
  told.splice(0)
  const socket = await connect({ 'x-test': '1' })
  socket.write('slowly')
  await expect.poll(() => gate.listenerCount('open')).toBe(1)
  socket.resetAndDestroy()
  await expect.poll(() => told).toEqual(['close: test'])
  gate.emit('open')
  await expect.poll(() => told).toEqual(['close: test', 'slowly: test'])
})

async function connect(headers: Record<string, string>): Promise<Socket> {
  const { port } = server.address() as AddressInfo
  const request = http.get({ port, headers: { ...headers, connection: 'Upgrade', upgrade: 'websocket' } })
  const [, socket] = (await once(request, 'upgrade')) as [http.IncomingMessage, Socket]
  return socket
}

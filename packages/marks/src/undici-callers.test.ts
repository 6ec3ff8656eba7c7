import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as undici from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendMarks } from './outgoing.ts'
import { withRequestMarks } from './request.ts'

let server: http.Server
let url: string
let stop = () => {}
const before = undici.getGlobalDispatcher()

beforeAll(async () => {
  server = http.createServer(async (req, res) => {
    await sleep(5)
    res.end(String(String(req.headers['baggage'] ?? '').includes('coalmine.test=true')))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  stop = sendMarks({ to: ['127.0.0.1'], build: {} })
})
afterAll(async () => {
  stop()
  undici.setGlobalDispatcher(before)
  server.close().closeAllConnections()
})

it.each<[string, () => Promise<string>]>([
  ['global fetch', async () => (await fetch(url)).text()],
  ['undici.fetch', async () => (await undici.fetch(url)).text()],
  ['undici.request', async () => (await undici.request(url)).body.text()],
])('%s through a pool that is full: each request leaves with its own caller’s marks', async (_, call) => {
  const agent = new undici.Agent({ connections: 2, pipelining: 1 })
  undici.setGlobalDispatcher(agent)
  const callers = Array.from({ length: 40 }, (_, i) => i % 3 === 0)
  const sent = await Promise.all(callers.map((isTest) => inRequest(isTest, call)))
  expect(sent).toEqual(callers.map(String))
  await agent.close()
})

it('a pool of one’s own that is reused with the same options has each caller’s marks', async () => {
  const pool = new undici.Pool(url, { connections: 1, pipelining: 1 })
  const options = { path: '/', method: 'GET' } as const
  const callers = Array.from({ length: 20 }, (_, i) => i % 2 === 0)
  const sent = await Promise.all(
    callers.map((isTest) => inRequest(isTest, async () => (await pool.request(options)).body.text())),
  )
  expect(sent).toEqual(callers.map(String))
  await pool.close()
})

function inRequest<T>(isTest: boolean, run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    withRequestMarks({}, undefined, { testTraffic: () => isTest }, () => void run().then(resolve, reject))
  })
}

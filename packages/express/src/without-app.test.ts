import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { currentTraffic } from '@coalmine/marks'
import type { Request, Response } from 'express'
import { expect, it } from 'vitest'
import { coalmine } from './coalmine.ts'

// As connect, polka, Fastify's middie and NestJS on Fastify run Express middleware, and unit tests of an application.
const middleware = coalmine({ testTraffic: ({ headers }) => headers['x-test'] !== undefined })

it('marks requests of a server that is not Express', async () => {
  const server = http.createServer((req, res) => {
    middleware(req as Request, res as Response, () => res.end(currentTraffic()))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const ask = async (headers: Record<string, string>) => (await fetch(url, { headers })).text()
  expect(await Promise.all([ask({ 'x-test': '1' }), ask({})])).toEqual(['test', 'users'])
  server.close().closeAllConnections()
})

it('marks a request that is a plain object', () => {
  const told: string[] = []
  middleware({ headers: { 'x-test': '1' } } as never, {} as never, () => told.push(currentTraffic()))
  expect(told).toEqual(['test'])
})

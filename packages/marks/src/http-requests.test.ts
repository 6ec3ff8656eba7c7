import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { onHttpRequest } from './http-requests.ts'

const server = http.createServer((req, res) => {
  req.resume().on('end', () => res.end(String(req.headers['x-seen'])))
})
beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)))
afterAll(() => void server.close().closeAllConnections())

const ways: Readonly<Record<string, (request: http.ClientRequest) => unknown>> = {
  'without a body': (request) => request.end(),
  'with a body': (request) => request.end('body'),
  'in pieces': (request) => {
    request.write('a')
    request.end('b')
  },
  'with its headers first': (request) => {
    request.flushHeaders()
    request.end()
  },
}

it.each(['20.19.0', '22.11.0', '22.12.0', '23.1.0', '24.0.0'])(
  'sees requests once each and in time, as in Node %s, until it is stopped',
  async (node) => {
    let seen = 0
    const stop = onHttpRequest((request) => request.setHeader('x-seen', String(++seen)), node)
    const stopOther = onHttpRequest(() => {}, node)
    const answers: string[] = []
    for (const end of Object.values(ways)) answers.push(await call(end))
    stop()
    answers.push(await call(ways['with a body']!))
    stopOther()
    expect(answers).toEqual(['1', '2', '3', '4', 'undefined'])
    expect(Object.hasOwn(http.ClientRequest.prototype, '_implicitHeader')).toBe(true)
  },
)

function call(end: (request: http.ClientRequest) => unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const request = http.request({ host: '127.0.0.1', port, method: 'POST' }, (response) => {
      response.setEncoding('utf8').once('data', resolve)
    })
    request.on('error', reject)
    end(request)
  })
}

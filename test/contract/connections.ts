import http from 'node:http'
import { connect } from 'node:net'
import { context, SpanKind } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { describe, expect, it } from 'vitest'
import type { Answer, Call } from './client.ts'
import { exporter, finished, serverSpan, underWay } from './sdk.ts'

/** The contract's server, and how to call it. */
interface Server {
  readonly port: () => number
  readonly call: (path: string, init?: Call) => Promise<Answer>
}

const pipelinedCount = 40

/** What a connection can do to the marks of requests: carry many of them, carry them at once, become something else. */
export function connectionContract(server: Server): void {
  describe('over one connection', () => {
    it('keeps no mark from one request to the next', async () => {
      await keepAlive(server)
      const servers = (await finished(4)).filter((span) => span.kind === SpanKind.SERVER)
      expect(new Set(servers.map((span) => span.attributes['network.peer.port'])).size).toBe(1)
      expect(servers.map(({ attributes }) => attributes['coalmine.test.entity'])).toEqual([
        'user:7',
        undefined,
        'user:8',
        undefined,
      ])
    })

    it('mixes up no mark among pipelined requests', async () => {
      await pipeline(server)
      const spans = (await finished(pipelinedCount)).filter((span) => span.kind === SpanKind.SERVER)
      for (const { attributes } of spans) {
        const i = Number(String(attributes['url.path']).slice('/flag/v'.length))
        expect(attributes['coalmine.flag.f']).toBe(`v${i}`)
        expect(attributes['coalmine.test.entity']).toBe(i % 2 ? `user:${i}` : undefined)
      }
    })

    it('marks a request whose body arrives in pieces', async () => {
      await postInPieces(server)
      const spans = await finished(1)
      expect(spans.find((span) => span.name === 'after')?.attributes).toMatchObject({
        'coalmine.flag.f': 'on',
        'coalmine.test.entity': 'user:42',
      })
      expect(serverSpan(spans).attributes['coalmine.flag.f']).toBe('on')
    })

    it('marks a request that the client gave up in the middle of its body', async () => {
      const given = { body: { items: ['a', 'b'] }, headers: { 'x-test': '42' }, abortWhen: underWay }
      await expect(server.call('/body/on', given)).rejects.toThrow('given up')
      expect(serverSpan(await finished(1)).attributes['coalmine.test.entity']).toBe('user:42')
    })

    it('marks what a websocket does until it is closed, in listeners that are bound to its upgrade and in others', async () => {
      await upgrade(server)
      const named = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name)?.attributes
      for (const listener of ['bound', 'not bound'])
        expect(named(listener), listener).toMatchObject({
          'service.version': '2.0.0',
          'coalmine.flag.f': 'on',
          'coalmine.test.entity': 'user:42',
        })
    })
  })
}

/** The same requests, where no spans are: what the application is told is the same. */
export function connectionAnswers(server: Server): void {
  it.each(Object.entries({ keepAlive, pipeline, postInPieces, upgrade }))('answers alike: %s', (_, send) =>
    send(server),
  )
}

async function keepAlive({ call }: Server): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (const user of ['7', undefined, '8', undefined]) {
    const { body } = await call(`/flag/v${user}`, { agent, headers: user ? { 'x-test': user } : {} })
    expect(body).toEqual({ test: user !== undefined, variant: `v${user}` })
  }
  agent.destroy()
}

async function pipeline({ port }: Server): Promise<void> {
  const requests = Array.from({ length: pipelinedCount }, (_, i) => {
    const test = i % 2 ? `x-test: ${i}\r\n` : ''
    const last = i === pipelinedCount - 1 ? 'connection: close\r\n' : ''
    return get(`/flag/v${i}`, test + last)
  })
  const text = await exchange(port(), requests.join(''))
  const bodies = [...text.matchAll(/\{.*?\}/g)].map(([body]) => JSON.parse(body))
  expect(bodies).toEqual(requests.map((_, i) => ({ test: i % 2 === 1, variant: `v${i}` })))
}

async function postInPieces({ call }: Server): Promise<void> {
  const { body } = await call('/body/on', { body: { items: ['a', 'b'] }, headers: { 'x-test': '42' } })
  expect(body).toEqual({ test: true, variant: 'on', body: { items: ['a', 'b'] } })
}

async function upgrade({ port }: Server): Promise<void> {
  const text = await exchange(port(), get('/flag/before', 'x-test: 7\r\n'), [
    [/"before"\}/, get('/socket/on', 'connection: upgrade\r\nupgrade: websocket\r\nx-test: 42\r\n')],
    [/101 Switching/, 'hello'],
    [/hello \{.*\}\n.*hello \{.*\}\n/s, undefined],
  ])
  for (const listener of ['bound', 'not bound'])
    expect(text).toContain(`${listener}: hello {"test":true,"variant":"on"}`)
}

function get(path: string, headers: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`
}

/** Writes a text, then each further one when its pattern has come, and answers all that came; undefined hangs up. */
function exchange(
  port: number,
  first: string,
  steps: readonly (readonly [RegExp, string | undefined])[] = [],
): Promise<string> {
  return context.with(
    suppressTracing(context.active()),
    () =>
      new Promise<string>((resolve, reject) => {
        const left = [...steps]
        let text = ''
        const socket = connect(port, '127.0.0.1', () => socket.write(first))
        socket.setEncoding('utf8').on('data', (piece) => {
          text += piece
          const [pattern, next] = left[0] ?? []
          if (!pattern?.test(text)) return
          left.shift()
          if (next === undefined) socket.end()
          else socket.write(next)
        })
        socket.on('error', reject)
        socket.on('close', () => resolve(text))
      }),
  )
}

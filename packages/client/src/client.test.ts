import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ComparisonEvent } from '@coalmine/comparator'
import { afterEach, describe, expect, it } from 'vitest'
import { ask } from './ask.ts'
import { newClient } from './client.ts'
import { CoalmineError } from './coalmine-error.ts'
import { follow } from './follow.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A server that answers as it is told, on a port of its own or on one that it had before. */
async function serverOf(
  answer: Answer,
  port = 0,
): Promise<{ url: string; port: number; server: Server; die: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer(answer).on('connection', (socket) => sockets.add(socket))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const die = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  closing.push(die)
  const { port: taken } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${taken}`, port: taken, server, die }
}

const json = (response: ServerResponse, body: unknown, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const look = { outcome: 'inconclusive', reason: null, progress: null } as const
const eventText = (id: number, event = 'look', data: object = look): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify({ at: '2026-11-30T10:00:00Z', ...data })}\n\n`
const ended = (id: number): string => eventText(id, 'ended', { ...look, outcome: 'pass', why: 'settled' })

function stream(response: ServerResponse, ...texts: readonly string[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const text of texts) response.write(text)
  return response
}

const quick = { firstMs: 60_000, silenceMs: 60_000, patienceMs: 60_000 }

async function idsOf(events: AsyncIterable<ComparisonEvent>): Promise<number[]> {
  const ids: number[] = []
  for await (const { id } of events) ids.push(id)
  return ids
}

describe('events of a comparison', () => {
  it('come each once, also where connections break in the middle of one', async () => {
    const asked: unknown[] = []
    const { url } = await serverOf((request, response) => {
      asked.push(request.headers['last-event-id'])
      const tries = [
        () => stream(response, eventText(1), eventText(2), eventText(3).slice(0, 20)).socket!.end(),
        () => stream(response, eventText(2), eventText(3), ': \n\n').end(),
        () =>
          stream(response, eventText(5, 'news of a later release'), eventText(6).replaceAll('\n', '\r\n'), ended(7)),
      ]
      if (request.url!.endsWith('/events')) tries[asked.length - 1]!()
      else json(response, { id: 'a', state: 'running', verdict: null })
    })
    expect(await idsOf(follow({ url }, 'a', quick))).toEqual([1, 2, 3, 6, 7])
    expect(asked).toEqual(['0', '2', '3'])
  })

  it('go on after the server was away, and came back', async () => {
    const first = await serverOf((_, response) => stream(response, eventText(1)))
    const events = follow({ url: first.url }, 'a', quick)
    expect((await events.next()).value).toMatchObject({ id: 1, event: 'look' })
    const next = events.next()
    first.die()
    await once(first.server, 'close')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await serverOf((_, response) => stream(response, eventText(2), ended(3)), first.port)
    expect((await next).value).toMatchObject({ id: 2 })
    expect(await idsOf(events)).toEqual([3])
  })

  it('go on while proxies answer for a server that is away', async () => {
    const answers = [502, 404, 200]
    const { url } = await serverOf((_, response) => {
      const status = answers.shift()!
      if (status === 200) stream(response, ended(1))
      else response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no upstream</h1>')
    })
    expect(await idsOf(follow({ url }, 'a', quick))).toEqual([1])
  })

  it('are asked for one answer at a time where a proxy holds streams back', async () => {
    const polled: string[] = []
    const { url } = await serverOf((request, response) => {
      if (request.headers.accept === 'text/event-stream') return
      polled.push(request.url!)
      const events = [
        { id: polled.length, event: polled.length === 2 ? 'ended' : 'look', at: '', ...look, why: 'time' },
      ]
      json(response, { events })
    })
    expect(await idsOf(follow({ url }, 'a', { ...quick, firstMs: 20 }))).toEqual([1, 2])
    expect(polled).toEqual([0, 1].map((after) => `/api/comparisons/a/events?after=${after}&wait=20s`))
  })

  it('are asked for one answer at a time where each stream is cut before its first event', async () => {
    let streams = 0
    const { url } = await serverOf((request, response) => {
      if (request.headers.accept === 'text/event-stream') {
        streams++
        response.socket!.destroy()
      } else json(response, { events: [{ id: 1, event: 'ended', at: '', ...look, why: 'time' }] })
    })
    expect(await idsOf(follow({ url }, 'a', quick))).toEqual([1])
    expect(streams).toBe(3)
  })

  it('come from a new connection where a server hangs in the middle of a stream', async () => {
    let connections = 0
    const { url } = await serverOf((_, response) => {
      if (++connections === 1) stream(response, eventText(1))
      else stream(response, ended(2))
    })
    expect(await idsOf(follow({ url }, 'a', { ...quick, silenceMs: 20 }))).toEqual([1, 2])
  })

  it('are not taken for silence while whoever reads them is busy', async () => {
    let connections = 0
    const { url } = await serverOf((_, response) => {
      connections++
      stream(response, eventText(1))
      setTimeout(() => response.end(ended(2)), 300)
    })
    for await (const _ of follow({ url }, 'a', { ...quick, silenceMs: 5_000 }))
      await new Promise((resolve) => setTimeout(resolve, 100))
    expect(connections).toBe(1)
  })

  it('of one that was over before are none, and do not wait', async () => {
    const { url } = await serverOf((request, response) => {
      if (request.url!.endsWith('/events')) stream(response, 'retry: 2000\n\n').end()
      else json(response, { id: 'a', state: 'ended', verdict: null })
    })
    expect(await idsOf(follow({ url }, 'a', { ...quick, after: 9 }))).toEqual([])
  })

  it.each([
    ['there is no such comparison', 404, 'no-data'],
    ['the token is not right', 401, 'unavailable'],
    ['the token has too few rights', 403, 'unavailable'],
  ])('end at once where %s', async (message, status, kind) => {
    const { url } = await serverOf((_, response) => json(response, { error: { kind, message } }, status))
    await expect(idsOf(follow({ url }, 'a', quick))).rejects.toMatchObject({ kind, status, what: message })
  })

  it('end where the server has been away for too long', async () => {
    const { url, die } = await serverOf(() => {})
    die()
    const error = await idsOf(follow({ url }, 'a', { ...quick, patienceMs: 0 })).catch((error: unknown) => error)
    expect(error).toMatchObject({
      kind: 'unavailable',
      what: `no answer from ${url} (ECONNREFUSED)`,
      where: `GET ${url}/api/comparisons/a/events`,
      advice: 'is "coalmine serve" running there?',
    })
  })

  it('end with their signal, whatever they wait for', async () => {
    const { url } = await serverOf((_, response) => stream(response, eventText(1)))
    const stop = new AbortController()
    const events = follow({ url }, 'a', { ...quick, signal: stop.signal })
    await events.next()
    const next = events.next()
    stop.abort()
    await expect(next).rejects.toMatchObject({ kind: 'interrupted' })
    await expect(idsOf(follow({ url }, 'a', { ...quick, signal: stop.signal }))).rejects.toBeInstanceOf(CoalmineError)
  })

  it('leave no connection behind when nobody wants more of them', async () => {
    const { url, server } = await serverOf((_, response) => stream(response, eventText(1)))
    for await (const _ of follow({ url }, 'a', quick)) break
    const connections = (): Promise<number> =>
      new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
    await expect.poll(connections).toBe(0)
  })
})

it.each([undefined, '', 'localhost:4318', 'ftp://x', 7])('a client of %j is refused', (url) => {
  expect(() => newClient({ url: url as string })).toThrow('url: expected one such as http://127.0.0.1:4318, got ')
})

describe('a question', () => {
  it('has a time in which it is answered', async () => {
    const { url } = await serverOf((_, response) => response.writeHead(200).write('{"comparisons":'))
    await expect(newClient({ url, timeoutMs: 50 }).list()).rejects.toMatchObject({
      kind: 'unavailable',
      what: `no answer from ${url} in 0.05 s`,
    })
  })

  it.each([
    ['a page', 200, '<html>'],
    ['JSON of something else', 200, '{"hello":"world"}'],
    ['an error of something else', 500, '{"error":"sorry"}'],
    ['nothing', 200, ''],
    ['null', 200, 'null'],
  ])('is not answered by %s', async (_, status, body) => {
    const { url } = await serverOf((_, response) => response.writeHead(status).end(body))
    await expect(newClient({ url }).list()).rejects.toMatchObject({
      kind: 'unavailable',
      message: `${url} answered ${status}, but not as a Coalmine server would: does something else run there?`,
    })
  })

  it('takes the token, and a URL with a slash at its end', async () => {
    const { url } = await serverOf((request, response) =>
      json(response, { comparisons: [], url: request.url, said: request.headers.authorization }),
    )
    const isAny = (_: object): _ is object => true
    expect(await ask({ url: `${url}/`, token: 'secret' }, '/api/x', isAny)).toMatchObject({
      url: '/api/x',
      said: 'Bearer secret',
    })
  })

  it('for a verdict is asked again until there is one, or the time is up', async () => {
    const answers = ['running', 502, 'running', 'fail']
    const { url } = await serverOf((_, response) => {
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (typeof answer === 'number') response.writeHead(answer).end()
      else json(response, { id: 'a', verdict: answer })
    })
    const query = { service: 'shop', stable: 'service.version=1', canary: 'service.version=2' }
    const client = newClient({ url })
    expect(await client.verdict(query)).toMatchObject({ verdict: 'running' })
    expect(await client.verdict(query, { waitMs: 60_000 })).toMatchObject({ verdict: 'fail' })
  })
})

import { AsyncResource } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTestTraffic, markFlag } from '@coalmine/marks'
import { trace } from '@opentelemetry/api'

/** What a handler needs of a request, in every framework. */
export interface Request {
  readonly params: Readonly<Record<string, string>>
  readonly body: unknown
  readonly socket: Duplex
  readonly response: ServerResponse
}

/** A route of the application that every framework serves; a thrown error is the framework's to answer. */
export interface Route {
  readonly method: 'get' | 'post'
  readonly path: string
  /** What it answers is sent as JSON, or as it comes when it is a stream. */
  handle(request: Request): unknown
  /** Answers on the socket itself. */
  readonly takesSocket?: boolean
}

/** What `/hangs` calls when it has marked its flag; and what ends it. */
export const hanging = { begun: (): void => {}, end: (): void => {} }

/** What the contract's requests ask for: each handler evaluates the flag `f`, as its path says. */
export const routes: readonly Route[] = [
  {
    method: 'get',
    path: '/flag/:variant',
    async handle({ params: { variant = '' } }) {
      inSpan('ended before')
      await sleep(Math.random() * 20)
      markFlag('f', variant)
      await sleep(Math.random() * 20)
      inSpan('after')
      inSpan('own root', { root: true })
      return { test: isTestTraffic(), variant }
    },
  },
  {
    method: 'get',
    path: '/throws/:variant',
    handle({ params: { variant = '' } }) {
      markFlag('f', variant)
      throw new Error('thrown on purpose')
    },
  },
  {
    method: 'get',
    path: '/rejects/:variant',
    async handle({ params: { variant = '' } }) {
      markFlag('f', variant)
      await sleep(5)
      throw new Error('rejected on purpose')
    },
  },
  {
    method: 'get',
    path: '/stream/:variant',
    handle({ params: { variant = '' } }) {
      async function* chunks(): AsyncGenerator<string> {
        yield 'one '
        await sleep(5)
        markFlag('f', variant)
        inSpan('chunk')
        yield 'two '
        await sleep(5)
        yield 'three'
      }
      return Readable.from(chunks())
    },
  },
  {
    method: 'get',
    path: '/breaks/:variant',
    handle({ params: { variant = '' } }) {
      async function* chunks(): AsyncGenerator<string> {
        yield 'one '
        await sleep(5)
        markFlag('f', variant)
        throw new Error('broken on purpose')
      }
      return Readable.from(chunks())
    },
  },
  {
    method: 'get',
    path: '/hangs/:variant',
    async handle({ params: { variant = '' } }) {
      markFlag('f', variant)
      await new Promise<void>((end) => {
        hanging.end = end
        hanging.begun()
      })
      return 'nobody reads this'
    },
  },
  {
    method: 'post',
    path: '/body/:variant',
    async handle({ params: { variant = '' }, body }) {
      markFlag('f', variant)
      await sleep(5)
      inSpan('after')
      return { test: isTestTraffic(), variant, body }
    },
  },
  {
    method: 'get',
    path: '/socket/:variant',
    takesSocket: true,
    handle({ params: { variant = '' }, socket }) {
      markFlag('f', variant)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      const answer = (listener: string, message: Buffer): void => {
        inSpan(listener)
        socket.write(`${listener}: ${message} ${JSON.stringify({ test: isTestTraffic(), variant })}\n`)
      }
      socket.on('data', (message) => answer('not bound', message))
      socket.on(
        'data',
        AsyncResource.bind((message: Buffer) => answer('bound', message)),
      )
      socket.on('end', () => socket.end())
    },
  },
]

function inSpan(name: string, options: { root?: boolean } = {}): void {
  trace.getTracer('contract').startActiveSpan(name, options, (span) => span.end())
}

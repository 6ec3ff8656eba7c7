import { AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withRequestMarks } from './request.ts'
import { currentTraffic } from './traffic.ts'

type Answered = (error?: Error) => void

/** Answers each query, a byte, with a byte. */
const database = net.createServer((socket) => void socket.on('data', (queries) => socket.write(queries)))

beforeAll(() => once(database.listen(0, '127.0.0.1'), 'listening'))
afterAll(() => void database.close())

/** As pg and mysql2 do it: a connection is opened where it is needed first, and callbacks are called as answers arrive. */
function driver() {
  const waiting: Answered[] = []
  let connection: net.Socket | undefined
  const query = (answered: Answered): void => {
    connection ??= net.connect((database.address() as AddressInfo).port, '127.0.0.1').on('data', (answers) => {
      for (const _ of answers) waiting.shift()?.()
    })
    waiting.push(answered)
    connection.write('?')
  }
  return { query, close: () => connection?.destroy() }
}

const styles: Record<string, (query: (answered: Answered) => void, done: () => void) => void> = {
  'a promise': (query, done) => {
    void new Promise<void>((resolve) => query(() => resolve())).then(done)
  },
  'a bound callback': (query, done) => query(AsyncResource.bind(done)),
  'a callback': (query, done) => query(done),
}

describe.each([
  ['without an SDK', () => {}],
  ['with one', () => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())],
])('%s', (_, prepare) => {
  beforeEach(() => {
    prepare()
    return () => context.disable()
  })

  it.each(['a promise', 'a bound callback'])(
    'what waits for a pooled connection by %s is its own request’s, whoever opened it',
    async (style) => {
      for (const firstIsTest of [true, false]) {
        const { query, close } = driver()
        const ask = (isTest: boolean) => asRequest(isTest, (done) => styles[style]!(query, done))
        expect(await ask(firstIsTest)).toBe(firstIsTest ? 'test' : 'users')
        const order = [!firstIsTest, true, false, firstIsTest]
        expect(await Promise.all(order.map(ask))).toEqual(order.map((isTest) => (isTest ? 'test' : 'users')))
        close()
      }
    },
  )

  it('a callback that is not bound is nobody’s, once the request that opened the connection has ended', async () => {
    for (const firstIsTest of [true, false]) {
      const { query, close } = driver()
      const ask = (isTest: boolean) => asRequest(isTest, (done) => styles['a callback']!(query, done))
      await ask(firstIsTest)
      expect(await Promise.all([true, false].map(ask))).toEqual(['unknown', 'unknown'])
      close()
    }
  })
})

/** What the code of a request is told when its query is answered. */
async function asRequest(isTest: boolean, run: (done: () => void) => void): Promise<string> {
  const response = new EventEmitter()
  const told = await new Promise<string>((resolve) => {
    const options = { testTraffic: () => isTest }
    withRequestMarks({}, undefined, options, () => run(() => resolve(currentTraffic())), response)
  })
  response.emit('close')
  return told
}

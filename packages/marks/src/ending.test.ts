import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withRequestMarks } from './request.ts'
import { currentTraffic, isTestTraffic } from './traffic.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A response whose client may go before it is ended. */
class Response extends EventEmitter {
  destroyed = false
  writableEnded = false

  end(): this {
    this.writableEnded = true
    return this
  }

  close(): void {
    this.destroyed = true
    this.emit('close')
  }
}

it('code that asks isTestTraffic() alone writes where it did, when its client goes in the middle', async () => {
  const { response, inside } = request()
  response.close()
  await soon()
  expect([inside(isTestTraffic), inside(currentTraffic)]).toEqual([true, 'test'])
  // What ends the response may still write: an audit, a mail.
  inside(() => {
    response.end()
    expect(isTestTraffic()).toBe(true)
  })
  await soon()
  expect([inside(isTestTraffic), inside(currentTraffic)]).toEqual([false, 'unknown'])
})

it('a request whose client has gone, and whose response is never ended, ends half a minute later', async () => {
  const { response, inside } = request()
  response.close()
  await vi.advanceTimersByTimeAsync(29_000)
  expect(inside(isTestTraffic)).toBe(true)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([inside(isTestTraffic), inside(currentTraffic)]).toEqual([false, 'unknown'])
})

it('a request whose client had gone before its marks were read is no other', async () => {
  const response = new Response()
  response.close()
  const { inside } = request(response)
  await soon()
  expect(inside(currentTraffic)).toBe('test')
  response.end()
  await soon()
  expect(inside(currentTraffic)).toBe('unknown')
})

it('a response that is ended and then closed ends the request at once', async () => {
  const { response, inside } = request()
  response.end().close()
  await soon()
  expect(inside(currentTraffic)).toBe('unknown')
  expect(vi.getTimerCount()).toBe(0)
})

it('a response that belongs to no server, and so never closes, ends the request when it is finished', async () => {
  vi.useRealTimers()
  const { response, inside } = request()
  const told: string[] = []
  response.on('finish', () => told.push(inside(currentTraffic)))
  response.emit('finish')
  expect(told).toEqual(['test'])
  await expect.poll(() => inside(currentTraffic)).toBe('unknown')
})

/** A tester's request; `inside` runs more of its code. */
function request(response = new Response()) {
  let bound: (<T>(run: () => T) => T) | undefined
  withRequestMarks(
    {},
    undefined,
    { testTraffic: () => true },
    () => {
      bound = AsyncLocalStorage.snapshot()
    },
    response,
  )
  return { response, inside: bound! }
}

/** Once the code that ran has returned. */
async function soon(): Promise<void> {
  await Promise.resolve()
  await Promise.resolve()
}

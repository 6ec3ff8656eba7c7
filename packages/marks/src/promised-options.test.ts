import { defaultTextMapGetter, diag, ROOT_CONTEXT } from '@opentelemetry/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MarkPropagator } from './propagator.ts'
import { type RequestOptions, withRequestMarks } from './request.ts'
import { currentTraffic } from './traffic.ts'
import { workIn } from './work.ts'

// TypeScript refuses these options, JavaScript does not: a promise is truthy.
const said: string[] = []
beforeAll(() => {
  const say = (message: string): void => void said.push(message)
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say })
})
afterAll(() => diag.disable())

const headers = { baggage: 'coalmine.test=true' }

it.each([
  ['testTraffic', async () => true],
  ['testTraffic', () => Promise.reject(new Error('on purpose'))],
  ['trust', async () => true],
])('%s makes no request a test by returning a promise, and says so once', (option, answer) => {
  said.splice(0)
  for (let i = 0; i < 2; i++) expect(trafficWith({ [option]: answer })).toBe('users')
  expect(said.every((message) => message.startsWith(`coalmine: the ${option} option returned a promise`))).toBe(true)
  expect(said.length).toBeLessThanOrEqual(1)
})

it('a propagator trusts nobody because of a promise', () => {
  const propagator = new MarkPropagator({ trust: (async () => true) as never })
  const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
  expect(workIn(context)?.marks.test).toBe(false)
})

function trafficWith(options: object): string {
  let traffic = 'nothing'
  withRequestMarks({ headers }, undefined, options as RequestOptions<undefined>, () => {
    traffic = currentTraffic()
  })
  return traffic
}

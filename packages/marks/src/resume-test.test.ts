import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { keepMarks } from './keep-marks.ts'
import type { TestEntity } from './marks.ts'
import { withRequestMarks } from './request.ts'
import { resumeTest } from './resume-test.ts'
import { type MarkerTrust, signMarker } from './signature.ts'
import { currentTest, currentTraffic, isTestTraffic, type JobSigningOptions } from './traffic.ts'

const key = { id: 'k1', secret: 's'.repeat(32) }
const sign: JobSigningOptions = { key, audience: 'production' }
const trust: MarkerTrust = { keys: [key], audience: 'production' }

it('runs a job as the test’s that queued it, with its run and entity, until its promise is settled', async () => {
  const test = inRequest({ kind: 'cart', id: '7', run: 'load-7' }, () => currentTest())
  expect(test).toEqual({ entity: 'cart:7', run: 'load-7' })
  const told: unknown[] = []
  const result = await resumeTest(test, async () => {
    await sleep(1)
    told.push(currentTest(), currentTraffic())
    setTimeout(() => told.push(currentTest(), currentTraffic()), 10)
    return 'done'
  })
  expect(result).toBe('done')
  await expect.poll(() => told).toEqual([test, 'test', undefined, 'unknown'])
})

it('runs every other job as a user’s, also inside a tester’s request', () => {
  for (const test of [inRequest(false, () => currentTest()), undefined, null]) {
    expect(resumeTest(test, currentTraffic)).toBe('users')
    expect(inRequest(true, () => resumeTest(test, currentTraffic))).toBe('users')
  }
  expect(inRequest(true, () => resumeTest({ run: 'load-8' }, currentTest))).toEqual({ run: 'load-8' })
})

it('is a test’s without a run and entity, too', () => {
  const test = inRequest(true, () => currentTest())
  expect(test).toEqual({})
  expect(resumeTest(JSON.parse(JSON.stringify({ test })).test, isTestTraffic)).toBe(true)
})

it('runs a job whose test is not what it says, as a test all the same', () => {
  expect(resumeTest({ run: 7, entity: 7 } as never, currentTest)).toEqual({})
})

it('ends with a function that throws, or whose promise fails, and passes that on', async () => {
  const failure = new Error('on purpose')
  let later: Promise<string> | undefined
  const leaves = (): void => {
    later = sleep(5).then(() => currentTraffic())
  }
  expect(() =>
    resumeTest({}, () => {
      leaves()
      throw failure
    }),
  ).toThrow(failure)
  expect(await later).toBe('unknown')
  const failing = resumeTest({}, async () => {
    leaves()
    throw failure
  })
  await expect(failing).rejects.toBe(failure)
  expect(await later).toBe('unknown')
})

it('runs a query that starts when it is awaited, as those of Prisma and knex, as a part of the job', async () => {
  // biome-ignore lint/suspicious/noThenProperty: that is what such a query is
  const query = { then: (done: (traffic: string) => void) => void sleep(1).then(() => done(currentTraffic())) }
  expect(await resumeTest({}, () => query)).toBe('test')
  expect(await inRequest(true, () => keepMarks(() => query))).toBe('test')
})

it('crosses processes with a signature', async () => {
  const entity = { kind: 'cart', id: '7', run: 'load-7' }
  const job = JSON.parse(JSON.stringify({ test: inRequest(entity, () => currentTest({ sign })) }))
  expect(job.test).toEqual({ entity: 'cart:7', run: 'load-7', marker: expect.stringMatching(/^v1\.k1\./) })
  expect(resumeTest(job.test, () => currentTest(), trust)).toEqual({ entity: 'cart:7', run: 'load-7' })
  // What is said beside the signature does not count.
  expect(resumeTest({ ...job.test, run: 'other' }, () => currentTest(), trust)).toMatchObject({ run: 'load-7' })
  expect(inRequest(false, () => currentTest({ sign }))).toBeUndefined()
})

it.each<[string, () => object, string]>([
  ['has no marker', () => ({ run: 'load-7' }), 'has no marker: queue it with currentTest({ sign: { key } })'],
  ['has a forged one', () => ({ marker: `${queued().marker?.slice(0, -9)}AAAAAAAAA` }), 'bad-signature'],
  ['has waited too long', () => queued({ ...sign, ttlMs: -60_000 }), 'expired'],
  ['is another audience’s', () => queued({ key, audience: 'staging' }), 'other-audience'],
  [
    'has a request’s marker',
    () => ({ marker: signMarker({ audience: 'production', expiresAt: Date.now() + 60_000 }, key) }),
    'other-audience',
  ],
  ['is of a run that was stopped', () => queued(), 'revoked'],
])('runs no job at all that says it is a test and %s', (_, test, why) => {
  let ran = false
  const run = (): void => {
    ran = true
  }
  expect(() => resumeTest(test(), run, { ...trust, isRevoked: () => why === 'revoked' })).toThrow(why)
  expect(ran).toBe(false)
})

it('crosses to a worker thread and back', async () => {
  const worker = new Worker(
    'require("node:worker_threads").parentPort.on("message", (job) => require("node:worker_threads").parentPort.postMessage(job))',
    { eval: true },
  )
  worker.postMessage({ test: inRequest({ run: 'load-7' }, () => currentTest({ sign })) })
  const [job] = await once(worker, 'message')
  await worker.terminate()
  expect(resumeTest(job.test, currentTraffic, trust)).toBe('test')
})

function queued(how: JobSigningOptions = sign): NonNullable<ReturnType<typeof currentTest>> {
  return inRequest({ run: 'load-7' }, () => currentTest({ sign: how }))!
}

function inRequest<T>(traffic: boolean | TestEntity, run: () => T): T {
  let result: T | undefined
  withRequestMarks({}, undefined, { testTraffic: () => traffic }, () => {
    result = run()
  })
  return result as T
}

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CurrentTest,
  currentTest,
  currentTraffic,
  isTestTraffic,
  keepMarks,
  resumeTest,
  withoutMarks,
} from '@coalmine/marks'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Answer, Call } from './client.ts'
import type { Route } from './routes.ts'

/** What code that writes data is told. */
interface Told {
  readonly test: boolean
  readonly traffic: string
}

const asTest: Told = { test: true, traffic: 'test' }
const asUser: Told = { test: false, traffic: 'users' }
const asNobody: Told = { test: false, traffic: 'unknown' }

const ask = (): Told => ({ test: isTestTraffic(), traffic: currentTraffic() })

/** A queue in the process, whose loop begins where it is needed first. */
interface Queue {
  readonly jobs: { readonly run: () => void; readonly test: CurrentTest | undefined }[]
  loop: NodeJS.Timeout | undefined
}

const queue: Queue = { jobs: [], loop: undefined }
/** What was told after responses, by the request. */
const afterwards = new Map<string, Told[]>()

function tellLater(request: string): void {
  afterwards.set(request, [...(afterwards.get(request) ?? []), ask()])
}

const loops: Record<string, (run: () => void) => void> = {
  /** As pools, workers and caches are often started. */
  careless(run) {
    queue.loop ??= setInterval(() => queue.jobs.shift()?.run(), 5)
    queue.jobs.push({ run, test: undefined })
  },
  careful(run) {
    queue.loop ??= withoutMarks(() =>
      setInterval(() => {
        const job = queue.jobs.shift()
        if (job) resumeTest(job.test, job.run)
      }, 5),
    )
    queue.jobs.push({ run, test: currentTest() })
  },
}

/** Routes whose work goes on without them. */
export const afterwardsRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/queued/:variant',
    handle: ({ params: { variant = '' } }) => new Promise((resolve) => loops[variant]?.(() => resolve(ask()))),
  },
  {
    method: 'get',
    path: '/later/:variant',
    handle({ params: { variant = '' }, response }) {
      response.on('finish', () => tellLater(`finish ${variant}`))
      response.on('close', () => tellLater(`close ${variant}`))
      void keepMarks(async () => {
        await once(response, 'close')
        await sleep(20)
        tellLater(`kept ${variant}`)
      })
      void once(response, 'close').then(async () => {
        await sleep(20)
        tellLater(`left ${variant}`)
        await keepMarks(async () => tellLater(`kept too late ${variant}`))
      })
      return ask()
    },
  },
  {
    method: 'get',
    path: '/given-up/:variant',
    async handle({ params: { variant = '' }, response }) {
      tellLater(`before ${variant}`)
      await once(response, 'close')
      await sleep(5)
      tellLater(`after ${variant}`)
      // A loop that the handler leaves behind: it sees what is told once the response is ended, too.
      const loop = setInterval(() => {
        if (!response.writableEnded) return
        clearInterval(loop)
        tellLater(`left ${variant}`)
      }, 5)
      return 'nobody reads this'
    },
  },
]

/** What is still running when a request has ended belongs to nobody, however it was started. */
export function afterwardsContract(call: (path: string, init?: Call) => Promise<Answer>): void {
  const tester = { headers: { 'x-test': '42' } }
  const told = (request: string) => expect.poll(() => afterwards.get(request))

  describe('once a request has ended', () => {
    beforeEach(() => {
      clearInterval(queue.loop)
      queue.loop = undefined
      afterwards.clear()
    })

    it('a loop that a tester started is no test’s, nor is one that a user started a user’s', async () => {
      expect((await call('/queued/careless', tester)).body).toEqual(asTest)
      await sleep(10)
      expect((await call('/queued/careless')).body).toEqual(asNobody)
      clearInterval(queue.loop)
      queue.loop = undefined
      expect((await call('/queued/careless')).body).toEqual(asUser)
      await sleep(10)
      expect((await call('/queued/careless', tester)).body).toEqual(asNobody)
    })

    it('jobs that carry their test are a test’s or a user’s, whoever started the loop', async () => {
      for (const [init, expected] of [
        [tester, asTest],
        [{}, asUser],
        [{}, asUser],
        [tester, asTest],
      ] as const) {
        expect((await call('/queued/careful', init)).body).toEqual(expected)
      }
    })

    it.each([
      ['a test', tester, asTest],
      ['a user’s request', {}, asUser],
    ])('what listens for the end of %s is a part of it, what is kept too, and nothing else', async (name, init, as) => {
      expect((await call(`/later/${name.length}`, init)).body).toEqual(as)
      await told(`finish ${name.length}`).toEqual([as])
      await told(`close ${name.length}`).toEqual([as])
      await told(`kept ${name.length}`).toEqual([as])
      await told(`left ${name.length}`).toEqual([asNobody])
      await told(`kept too late ${name.length}`).toEqual([asNobody])
    })

    it.each([
      ['a test', tester, asTest],
      ['a user’s request', {}, asUser],
    ])('that is, when the handler of %s ends the response, whose client gave up before', async (name, init, as) => {
      const n = name.length
      const abortWhen = () => told(`before ${n}`).toEqual([as])
      await expect(call(`/given-up/${n}`, { ...init, abortWhen })).rejects.toThrow('given up')
      await told(`after ${n}`).toEqual([as])
      await told(`left ${n}`).toEqual([asNobody])
    })
  })
}

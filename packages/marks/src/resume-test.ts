import { types } from 'node:util'
import { addEntity, newMarks, setTest } from './marks.ts'
import { type MarkerTrust, verifyMarker } from './signature.ts'
import { started } from './thenable.ts'
import { type CurrentTest, jobAudience } from './traffic.ts'
import { newWork, runInWork } from './work.ts'

/**
 * Runs one job as part of the test that queued it or, if `test` is undefined, as a user's. The job ends when the promise
 * that `run` returns settles or, if it returns none, when `run` returns. With `markers`, the test must carry a marker signed
 * by one of their keys; otherwise anyone who can write to the queue could pass off a user's job as a test's.
 *
 * @param test the result of `currentTest()` where the job was queued
 * @returns what `run` returns; if that is a query, such as Prisma's, its promise
 * @throws Error if the marker is refused; the job then does not run at all
 * @example new Worker('orders', (job) => resumeTest(job.data.test, () => placeOrder(job.data), markers))
 */
export function resumeTest<T>(test: CurrentTest | null | undefined, run: () => T, markers?: MarkerTrust): T {
  const marks = newMarks()
  marks.taken = true
  marks.decided = true
  if (test !== null && test !== undefined) {
    const { run: name, entity } = markers ? believed(test, markers) : test
    setTest(marks, name === undefined ? undefined : { run: name })
    // A job's data may be anything.
    for (const each of typeof entity === 'string' ? entity.split(',') : []) addEntity(marks, each)
  }
  const work = newWork(marks)
  const end = (): void => {
    work.over = true
  }
  let result: T | undefined
  try {
    result = runInWork(work, () => started(run()))
  } finally {
    if (!types.isPromise(result)) end()
  }
  return types.isPromise(result) ? (result.finally(end) as T) : result
}

function believed({ marker }: CurrentTest, markers: MarkerTrust): CurrentTest {
  const check = verifyMarker(marker ?? '', { ...markers, audience: jobAudience(markers.audience) }, Date.now())
  if (check.kind === 'trusted') return check.marker
  throw new Error(
    marker === undefined
      ? 'a job says that it is a test but has no marker: queue it with currentTest({ sign: { key } })'
      : `a job says that it is a test but its marker is not trusted: ${check.why}`,
  )
}

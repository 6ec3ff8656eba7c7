import { types } from 'node:util'
import { addEntity, newMarks, setTest } from './marks.ts'
import { type MarkerTrust, verifyMarker } from './signature.ts'
import { type CurrentTest, jobAudience } from './traffic.ts'
import { newWork, runInWork } from './work.ts'

/**
 * Runs one job as a part of the test that it was queued by or, where `test` is undefined, as a user's. It is over when
 * the promise of `run` is settled or, where there is none, when `run` has returned. With `markers` the test must have a
 * marker that is signed by one of their keys: who can write to the queue could make a user's job a test's otherwise.
 *
 * @param test what `currentTest()` gave where the job was queued
 * @returns what `run` returns
 * @throws Error when the marker is not believed: the job then runs neither as a test's nor as a user's
 * @example new Worker('orders', (job) => resumeTest(job.data.test, () => placeOrder(job.data), markers))
 */
export function resumeTest<T>(test: CurrentTest | null | undefined, run: () => T, markers?: MarkerTrust): T {
  const marks = newMarks()
  marks.taken = true
  marks.decided = true
  if (test !== null && test !== undefined) {
    const { run: name, entity } = markers ? believed(test, markers) : test
    setTest(marks, name === undefined ? undefined : { run: name })
    for (const each of entity?.split(',') ?? []) addEntity(marks, each)
  }
  const work = newWork(marks)
  const end = (): void => {
    work.over = true
  }
  let result: T | undefined
  try {
    result = runInWork(work, run)
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

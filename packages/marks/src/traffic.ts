import { TEST_ENTITY, TEST_RUN } from './attributes.ts'
import { type SigningOptions, signedMarker } from './marker-of.ts'
import { getMark } from './marks.ts'
import { sayOutlived } from './outlived.ts'
import { currentWork, type Work } from './work.ts'

/** The test that the current request belongs to. */
export interface CurrentTest {
  /** Test entities as `kind:id`, joined by commas. */
  readonly entity?: string
  readonly run?: string
  /** Proves the test to another process. Present only if `sign` was given. */
  readonly marker?: string
}

/** How a service signs the test jobs that it queues. */
export interface JobSigningOptions extends SigningOptions {
  /** How long a job may wait in the queue. Default: one day. */
  readonly ttlMs?: number
}

const dayMs = 86_400_000

/**
 * Whether the current request is trusted test traffic. The answer does not depend on whether the request's spans are
 * sampled, recorded or suppressed, or on a registered SDK. It is false outside a request and after the request has ended;
 * code that must not mistake test data for user data there should call `currentTraffic()`.
 *
 * @example const schema = isTestTraffic() ? 'test' : 'public'
 */
export function isTestTraffic(): boolean {
  return liveWork(isTestTraffic)?.marks.test ?? false
}

/**
 * Whose traffic this is, for code that writes data: `test`, `users`, or `unknown`. It is `unknown` outside a request, after
 * the request has ended, and where no middleware, propagator or `resumeTest` has run. Store unknown data in neither place.
 *
 * @example currentTraffic() // 'test' in a tester's request, 'unknown' in a loop that it started and left behind
 */
export function currentTraffic(): 'test' | 'users' | 'unknown' {
  const marks = liveWork(currentTraffic)?.marks
  if (marks?.test) return 'test'
  return marks?.decided ? 'users' : 'unknown'
}

/**
 * Returns the test run and entity of the current request, for flag SDKs, jobs, and code that distinguishes tests.
 * Undefined if the request is not trusted test traffic or has ended. `sign` adds a signed marker, which `resumeTest` in
 * another process can verify.
 *
 * @example currentTest() // { entity: 'user:42', run: 'load-7' }
 * @example queue.add('order', { ...order, test: currentTest({ sign: { key } }) }) // { run: 'load-7', marker: 'v1.k1...' }
 */
export function currentTest({ sign }: { readonly sign?: JobSigningOptions } = {}): CurrentTest | undefined {
  const work = liveWork(currentTest)
  if (!work?.marks.test) return undefined
  const entity = getMark(work.marks, TEST_ENTITY)
  const run = getMark(work.marks, TEST_RUN)
  const marker =
    sign &&
    signedMarker(work.marks, { ...sign, audience: jobAudience(sign.audience) }, Date.now() + (sign.ttlMs ?? dayMs))
  return {
    ...(typeof entity === 'string' ? { entity } : {}),
    ...(typeof run === 'string' ? { run } : {}),
    ...(marker === undefined ? {} : { marker }),
  }
}

/**
 * The audience of a job's marker. Others may read the queue, so the marker must not be valid for requests to the service.
 *
 * @example jobAudience('production') // 'jobs:production'
 */
export function jobAudience(audience: string | undefined): string {
  return audience === undefined ? 'jobs' : `jobs:${audience}`
}

function liveWork(caller: (...args: never[]) => unknown): Work | undefined {
  const work = currentWork()
  if (!work?.over) return work
  sayOutlived(work, caller)
  return undefined
}

import { TEST_ENTITY, TEST_RUN } from './attributes.ts'
import { type SigningOptions, signedMarker } from './marker-of.ts'
import { getMark } from './marks.ts'
import { sayOutlived } from './outlived.ts'
import { currentWork, type Work } from './work.ts'

/** Which test the current request belongs to. */
export interface CurrentTest {
  /** `kind:id`, several joined by commas. */
  readonly entity?: string
  readonly run?: string
  /** Proves it to another process; there where it was asked for. */
  readonly marker?: string
}

/** What a service signs with that the tests' jobs are its own. */
export interface JobSigningOptions extends SigningOptions {
  /** How long a job may wait. Default a day. */
  readonly ttlMs?: number
}

const dayMs = 86_400_000

/**
 * Whether the current request is trusted test traffic. It answers alike whether the request's spans are sampled,
 * recorded or suppressed, and with no SDK registered. It is false outside of a request, and once the request has ended:
 * code that must not take a test's data for a user's there asks `currentTraffic()`.
 *
 * @example const schema = isTestTraffic() ? 'test' : 'public'
 */
export function isTestTraffic(): boolean {
  return liveWork(isTestTraffic)?.marks.test ?? false
}

/**
 * Whose traffic this is, for code that writes data: `test`, `users`, or `unknown` outside of a request, once the request
 * has ended, and where neither a middleware, nor a propagator, nor `resumeTest` has looked. What is unknown belongs in
 * neither place.
 *
 * @example currentTraffic() // 'test' in a tester's request, 'unknown' in a loop that it started and left behind
 */
export function currentTraffic(): 'test' | 'users' | 'unknown' {
  const marks = liveWork(currentTraffic)?.marks
  if (marks?.test) return 'test'
  return marks?.decided ? 'users' : 'unknown'
}

/**
 * The test run and entity of the current request, for flag SDKs, for jobs, and for code that tells tests apart.
 * Undefined when it is not trusted test traffic, and once it has ended. `sign` adds what proves it to `resumeTest` in another
 * process.
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
 * Whom a job's marker is for. It waits in a queue that others can read: it must not open the service's front door.
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

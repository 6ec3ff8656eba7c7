import { TEST_ENTITY, TEST_RUN } from './attributes.ts'
import { currentMarks, getMark } from './marks.ts'

/** Which test the current request belongs to. */
export interface CurrentTest {
  /** `kind:id`, several joined by commas. */
  readonly entity?: string
  readonly run?: string
}

/**
 * The test run and entity of the current request, for flag SDKs and for code that tells tests apart. Undefined when it
 * is not trusted test traffic.
 *
 * @example currentTest() // { entity: 'user:42', run: 'load-7' }
 */
export function currentTest(): CurrentTest | undefined {
  const marks = currentMarks()
  if (!marks?.test) return undefined
  const entity = getMark(marks, TEST_ENTITY)
  const run = getMark(marks, TEST_RUN)
  return { ...(typeof entity === 'string' ? { entity } : {}), ...(typeof run === 'string' ? { run } : {}) }
}

import type { RampStage } from '../budget/slo.ts'
import { secondsOf, shareOf } from './slo-schema.ts'

const most = 100

/**
 * Parses the planned traffic shares of a canary, such as `1%:30m,10%:1h,100%`: each share with its duration. The last
 * share stays.
 *
 * @throws {RangeError} naming the invalid part.
 * @example parseRamp('1%:30m,100%') // [{ share: 0.01, seconds: 1800 }, { share: 1, seconds: 0 }]
 */
export function parseRamp(text: string): RampStage[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > most) throw new RangeError(`expected at most ${most} stages, got ${parts.length}`)
  return parts.map((part, at) => {
    const [written = '', time] = part.split(':')
    const share = /^100(\.0*)?%$|^1(\.0*)?$/.test(written) ? 1 : shareOf(written)
    const isLast = at === parts.length - 1
    const seconds = time === undefined && isLast ? 0 : secondsOf(time ?? '')
    if (share !== undefined && seconds !== undefined) return { share, seconds }
    throw new RangeError(
      `expected shares with how long each stays, such as 1%:30m,10%:1h,100%, got ${JSON.stringify(part)} in it`,
    )
  })
}

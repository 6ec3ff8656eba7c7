import { cohortTicksIn, flagOfCohorts } from '@coalmine/store'
import { cohortsAsked } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'

const windowMs = 120_000
const tickMs = 5_000
const freshMs = 4_000
// Fewer say nothing of a share.
const fewest = 20

interface Known {
  health: number | null
  askedMs: number
}

/**
 * The share of stable's requests that succeed, in the closed ticks of the last two minutes; null where it is not known. The answer is that
 * of the last look, and asks for the next one.
 */
export function newStableHealth(
  { store, now }: Pick<Context, 'store' | 'now'>,
  comparisons: Pick<Comparisons, 'request'>,
): (comparison: string) => number | null {
  const known = new Map<string, Known>()

  const measured = async (comparison: string): Promise<number | null> => {
    const request = comparisons.request(comparison)
    const flag = flagOfCohorts(request)
    const [fromMs, toMs] = [now() - windowMs, now() + tickMs]
    const asked = { services: [request.service], flags: flag === undefined ? [] : [flag], fromMs, toMs }
    const rows = (await store.ticks.rows(asked)).get(request.service) ?? []
    const found = cohortTicksIn(rows, { ...cohortsAsked(request), start: fromMs })
    let [requests, errors] = [0, 0]
    for (const { ticks } of found?.operations ?? [])
      for (const { stable } of ticks) {
        requests += stable.requests
        errors += stable.errors
      }
    return requests < fewest ? null : 1 - errors / requests
  }

  return (comparison) => {
    const one = known.get(comparison) ?? { health: null, askedMs: Number.NEGATIVE_INFINITY }
    known.set(comparison, one)
    if (now() - one.askedMs >= freshMs) {
      one.askedMs = now()
      measured(comparison).then(
        (health) => {
          one.health = health
        },
        () => {
          one.health = null
        },
      )
    }
    return one.health
  }
}

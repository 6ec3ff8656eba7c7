import { cohortTicksIn, flagOfCohorts } from '@coalmine/store'
import { cohortsAsked } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'

const windowMs = 120_000
const tickMs = 5_000
// Fewer say nothing of a share.
const fewest = 20

/** The share of stable's requests that succeed, in the closed ticks of the last two minutes; null if unknown. */
export async function stableHealth(
  { store, now }: Pick<Context, 'store' | 'now'>,
  comparisons: Pick<Comparisons, 'request'>,
  comparison: string,
): Promise<number | null> {
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

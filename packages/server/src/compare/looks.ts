import type { Facts, Policy } from '@coalmine/comparator'
import type { Store } from '@coalmine/store'
import { ServerError } from '../errors.ts'

type Chosen = Parameters<Store['memory']['countLook']>[0]

/**
 * Counts this look where the mode allows only so many; nothing to count where one may look as often as one likes, or where
 * a cohort is empty and nothing is tested.
 *
 * Throws a ServerError of kind `usage` for a look more than were planned.
 */
export async function lookAt(
  store: Store,
  chosen: Chosen,
  { window, stable, canary }: Facts,
  { mode }: Policy,
): Promise<Pick<Facts, 'look'>> {
  if (mode === 'sequential' || stable.requests === 0 || canary.requests === 0) return {}
  const look = await store.memory.countLook(chosen, Date.parse(window.end))
  if (mode !== 'fixed' && look > mode.looks) {
    throw new ServerError(
      'usage',
      `mode: ${mode.looks} looks were planned, and this would be look ${look}: alpha is spent. Judge by the last of them, or leave out "mode" to look as often as you like`,
    )
  }
  return { look }
}

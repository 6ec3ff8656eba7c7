import type { Facts, Policy } from '@coalmine/comparator'
import type { Store } from '@coalmine/store'

type Chosen = Parameters<Store['memory']['countLook']>[0]

/**
 * Counts this look if the mode is `fixed`, which allows only one. Does nothing if the number of looks is unlimited, or
 * if a cohort is empty, so that nothing is tested.
 */
export async function lookAt(
  store: Store,
  chosen: Chosen,
  { window, stable, canary }: Facts,
  { mode }: Policy,
): Promise<Pick<Facts, 'look'>> {
  if (mode === 'sequential' || stable.requests === 0 || canary.requests === 0) return {}
  return { look: await store.memory.countLook(chosen, Date.parse(window.end)) }
}

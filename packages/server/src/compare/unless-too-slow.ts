import { StoreError } from '@coalmine/store'

/**
 * Reads from raw spans; null if that takes too long, and the verdict then does without it.
 *
 * @example await unlessTooSlow(() => store.ticks.instances(comparison, asked)) // [...], or null
 */
export async function unlessTooSlow<Answer>(read: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'unavailable') return null
    throw error
  }
}

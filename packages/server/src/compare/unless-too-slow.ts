import { StoreError } from '@coalmine/store'

/**
 * What is read of raw spans, or null where that takes too long: it is then not known, and the verdict does without it.
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

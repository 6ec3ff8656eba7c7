import { comparisonNames } from './anchor.ts'
import type { Chosen, Comparison } from './cohorts.ts'
import type { Engine } from './engine/engine.ts'
import { looksSoFar, rememberLook } from './queries/comparisons.ts'

/**
 * Counts a look at a comparison, for tests that may not look as often as one likes, and says which it is: the first is 1.
 * Looking again at the same data is the same look, so the end of the data is what is counted.
 */
export async function countLook(
  engine: Engine,
  comparison: Pick<Comparison, 'service' | keyof Chosen>,
  endMs: number,
): Promise<number> {
  const params = { ...comparisonNames(comparison), end: Math.floor(endMs / 1000) }
  await engine.write(rememberLook, params)
  const [row] = await engine.read<{ look: number }>(looksSoFar, params)
  return row!.look
}

import type { Engine } from '../engine/engine.ts'
import { newBatchId } from './batch-id.ts'
import { closeTicks } from './closing.ts'
import { operationNames } from './operation-names.ts'
import { noteRuns } from './run-ticks.ts'
import type { Closing } from './tick-columns.ts'

/** Sums ticks up in a new batch and resolves to its id. The ticks are not closed until that batch is committed. */
export function summingUp(engine: Engine): (closing: Closing) => Promise<string> {
  const names = operationNames(engine)
  const noted = noteRuns(engine)
  const met = new Set<string>()

  const fill = async (closing: Closing): Promise<string> => {
    const batch = newBatchId()
    await engine.writeOnce(closeTicks, { ...closing, batch })
    return batch
  }

  const sumUp = async (closing: Closing): Promise<string> => {
    if (closing.services.some((service) => !met.has(service))) {
      await names.learn(closing)
      for (const service of closing.services) met.add(service)
      const batch = await fill(closing)
      await names.count(closing, batch, true)
      return batch
    }
    // New operations are rare, and looking for them first would read all spans twice each time.
    const batch = await fill(closing)
    await names.count(closing, batch)
    return (await names.relearn(closing, batch)) ? fill(closing) : batch
  }

  return async (closing) => {
    const batch = await sumUp(closing)
    await noted(closing, batch)
    return batch
  }
}

import type { Engine } from '../engine/engine.ts'
import { newBatchId } from './batch-id.ts'
import { closeTicks, hasUnregistered, registerOperations } from './closing.ts'

/** Ticks that are closed together, and from when to when they are, in seconds since 1970. */
interface Closing {
  readonly services: readonly string[]
  readonly ticks: readonly number[]
  readonly from: number
  readonly to: number
}

/** What sums ticks up, in a new batch whose id it gives. They are not closed before that batch is committed. */
export function summingUp(engine: Engine): (closing: Closing) => Promise<string> {
  const registered = new Set<string>()

  const fill = async (closing: Closing): Promise<string> => {
    const batch = newBatchId()
    await engine.writeOnce(closeTicks, { ...closing, batch })
    return batch
  }

  const register = async (closing: Closing): Promise<string> => {
    await engine.write(registerOperations, { ...closing })
    for (const service of closing.services) registered.add(service)
    return fill(closing)
  }

  return async (closing) => {
    if (closing.services.some((service) => !registered.has(service))) return register(closing)
    // New operations are rare, and to look for them first would read all spans once more each time.
    const batch = await fill(closing)
    const [found] = await engine.read<{ services: number }>(hasUnregistered, { ...closing, batch })
    return found!.services > 0 ? register(closing) : batch
  }
}

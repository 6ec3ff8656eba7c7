import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Calibrated, cells } from './cells.ts'
import { openKept } from './kept.ts'
import type { Result } from './simulate.ts'

/** The results of some cells: those that are kept from earlier, and the others measured now, on every core. */
export async function measure(
  chosen: readonly Calibrated[],
  progress: (done: number, measuring: readonly string[]) => void,
): Promise<Map<Calibrated, Result>> {
  const kept = openKept()
  const results = new Map<Calibrated, Result>()
  for (const cell of chosen) {
    const result = kept.read(cell)
    if (result) results.set(cell, result)
  }
  const left = chosen.filter((cell) => !results.has(cell))
  const measuring = new Set<string>()
  const tell = (): void => progress(results.size, [...measuring])
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    for (let cell = left.shift(); cell; cell = left.shift()) {
      measuring.add(cell.name)
      tell()
      const result = await answer(worker, cells.indexOf(cell))
      kept.write(cell, result)
      results.set(cell, result)
      measuring.delete(cell.name)
    }
    await worker.terminate()
  }
  tell()
  await Promise.all(Array.from({ length: Math.min(left.length, availableParallelism()) }, work))
  tell()
  return results
}

async function answer(worker: Worker, at: number): Promise<Result> {
  worker.postMessage(at)
  const [result] = (await once(worker, 'message')) as [Result]
  return result
}

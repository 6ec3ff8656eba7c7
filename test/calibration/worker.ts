// Measures the cells that it is told to, one at a time.
import { parentPort } from 'node:worker_threads'
import { cells, seedOf } from './cells.ts'

parentPort!.on('message', (at: number) => {
  const cell = cells[at]!
  parentPort!.postMessage(cell.measure(cell, seedOf(cell)))
})

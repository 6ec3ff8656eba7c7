import { parentPort } from 'node:worker_threads'
import { ServerError } from '../errors.ts'
import type { Job, Part } from './job.ts'
import type { Answer, Ask } from './message.ts'
import { partsOf } from './parts.ts'
import { newSpareMemory } from './spare-memory.ts'

// The thread that decodes what would hold the server's own up. Rows go back as the memory that they are in, uncopied.
const port = parentPort!
const running = new Map<number, { readonly job: Job; readonly parts: Generator<Part> }>()
const spare = newSpareMemory()

port.on('message', (ask: Ask) => {
  const { id } = ask
  if ('job' in ask) running.set(id, { job: ask.job, parts: partsOf(ask.job, spare.take) })
  else if ('next' in ask && ask.spare) spare.give(ask.spare)
  if ('leave' in ask) remove(id)
  else answerNext(id)
})

function answerNext(id: number): void {
  try {
    const { job, parts } = running.get(id)!
    const { value: part, done } = parts.next()
    if (done) {
      const body = job.body.buffer as ArrayBuffer
      end(id, { id, done: true, body }, [body])
    } else {
      if ('refusals' in part) remove(id)
      const { rows, spans, arrivals } = part.batch
      const own: Part = { ...part, batch: { rows, spans, arrivals } }
      post({ id, part: own }, [rows.bytes.buffer as ArrayBuffer])
    }
  } catch (error) {
    if (error instanceof ServerError) {
      const { kind, message, status, limit } = error
      end(id, { id, refused: { kind, message, status, limit } })
    } else end(id, { id, failed: String((error as Error).stack ?? error) })
  }
}

function end(id: number, answer: Answer, moved: readonly ArrayBuffer[] = []): void {
  remove(id)
  post(answer, moved)
}

function remove(id: number): void {
  running.delete(id)
  if (running.size === 0) spare.clear()
}

function post(answer: Answer, moved: readonly ArrayBuffer[]): void {
  port.postMessage(answer, moved)
}

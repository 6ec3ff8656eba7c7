import { parentPort } from 'node:worker_threads'
import { ServerError } from '../errors.ts'
import type { Part } from './job.ts'
import type { Answer, Ask } from './message.ts'
import { partsOf } from './parts.ts'

// The thread that decodes what would hold the server's own up. Rows go back as the memory that they are in, uncopied.
const port = parentPort!
const running = new Map<number, Generator<Part>>()

port.on('message', (ask: Ask) => {
  const { id } = ask
  if ('job' in ask) running.set(id, partsOf(ask.job))
  if ('leave' in ask) running.delete(id)
  else answerNext(id)
})

function answerNext(id: number): void {
  try {
    const { value: part, done } = running.get(id)!.next()
    if (done) end(id, { id, done: true })
    else {
      if ('refusals' in part) running.delete(id)
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

function end(id: number, answer: Answer): void {
  running.delete(id)
  post(answer, [])
}

function post(answer: Answer, moved: readonly ArrayBuffer[]): void {
  port.postMessage(answer, moved)
}

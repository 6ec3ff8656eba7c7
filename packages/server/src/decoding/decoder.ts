import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ServerError } from '../errors.ts'
import type { FilePart } from '../import/file-part.ts'
import type { FileJob, Job, Part, RequestJob, RequestPart } from './job.ts'
import type { Answer, Ask } from './message.ts'

/** Decodes on a separate thread, so that large input from one client does not delay others. */
export interface Decoder {
  /** Starts the thread, which otherwise starts with the first job. */
  readonly begin: () => void
  /** Decodes a request; the memory of its body is gone with it. Throws as decoding does. */
  readonly request: (job: RequestJob) => Promise<RequestPart>
  /**
   * Decodes bytes of a file, whose memory is gone with them until all is decoded: then `freed` has it. The first part is begun at once,
   * each other one when the one before it was taken.
   */
  readonly file: (job: FileJob, freed?: (memory: ArrayBuffer) => void) => Parts
  readonly close: () => Promise<void>
}

/** The parts of a job, one after the other. */
export interface Parts {
  /** Undefined when there are no more. The rows of the part before it are gone then. Throws a ServerError when decoding broke off. */
  readonly next: () => Promise<FilePart | undefined>
  /** Abandons the rest. */
  readonly leave: () => void
}

/** A part; or, after the last one, the memory of what was decoded. */
type Told = Part | ArrayBuffer | undefined

interface Waiter {
  readonly resolve: (told: Told) => void
  readonly reject: (error: Error) => void
}

/** A decoder, whose thread starts with its first job unless it is begun before. */
export function newDecoder(): Decoder {
  let worker: Worker | undefined
  let lastId = 0
  let isClosed = false
  const waiting = new Map<number, Waiter>()

  const settle = (answer: Answer): void => {
    const waiter = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('part' in answer) waiter?.resolve(withBuffer(answer.part))
    else if ('done' in answer) waiter?.resolve(answer.body)
    else if ('failed' in answer) waiter?.reject(new Error(answer.failed))
    else {
      const { kind, message, status, limit } = answer.refused
      waiter?.reject(new ServerError(kind, message, { status, ...(limit && { limit }) }))
    }
  }

  const ended = (error: Error): void => {
    worker = undefined
    const all = [...waiting.values()]
    waiting.clear()
    for (const { reject } of all) reject(isClosed ? closed() : lost(error))
  }

  const start = (): Worker => {
    const thread = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), optionsOfThread())
    thread.on('message', settle)
    thread.on('error', ended)
    thread.on('exit', () => {
      if (worker === thread) ended(new Error('it ended'))
    })
    // Whoever waits for an answer holds a connection.
    thread.unref()
    return thread
  }

  const ask = (question: Ask, moved: readonly ArrayBuffer[] = []): Promise<Told> => {
    if (isClosed) return Promise.reject(closed())
    worker ??= start()
    const answer = new Promise<Told>((resolve, reject) => waiting.set(question.id, { resolve, reject }))
    worker.postMessage(question, moved)
    return answer
  }

  const give = (job: Job): { readonly id: number; readonly first: Promise<Told> } => {
    const id = ++lastId
    return { id, first: ask({ id, job }, [job.body.buffer as ArrayBuffer]) }
  }

  return {
    begin: () => {
      worker ??= start()
    },
    request: async (job) => (await give(job).first) as RequestPart,
    file: (job, freed) => {
      const { id, first } = give(job)
      // Whoever asks for the parts hears of it; nobody may ask before it fails.
      first.catch(() => undefined)
      const by = worker
      let coming: Promise<Told> | undefined = first
      let taken: ArrayBuffer | undefined
      const askNext = (): Promise<Told> =>
        taken ? ask({ id, next: true, spare: taken }, [taken]) : ask({ id, next: true })
      return {
        next: async () => {
          if (worker !== by && !coming) throw lost(new Error('it began anew'))
          const told = await (coming ?? askNext())
          coming = undefined
          if (told instanceof ArrayBuffer) freed?.(told)
          if (!told || told instanceof ArrayBuffer) return undefined
          taken = told.batch.rows.bytes.buffer as ArrayBuffer
          return told as FilePart
        },
        leave: () => {
          if (worker === by) worker?.postMessage({ id, leave: true } satisfies Ask)
        },
      }
    },
    close: async () => {
      isClosed = true
      await worker?.terminate()
    },
  }
}

// A thread has the options that its process was started with, and that of a program in the command line is not for one in a file.
function optionsOfThread(): { readonly execArgv?: string[] } {
  return process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {}
}

// Bytes come as plain ones from another thread.
function withBuffer(part: Part): Part {
  const { rows, spans, arrivals } = part.batch
  const { buffer, byteOffset, byteLength } = rows.bytes
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  return { ...part, batch: { rows: { bytes, length: rows.length }, spans, arrivals } }
}

const closed = (): ServerError => new ServerError('unavailable', 'the server is shutting down')

const lost = (cause: Error): ServerError =>
  new ServerError('unavailable', `the decoder of requests crashed: ${cause.message}; send smaller batches`, { cause })

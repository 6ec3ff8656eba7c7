import { BroadcastChannel, threadId, type Worker } from 'node:worker_threads'
import { answer } from './wait.ts'

type Message =
  | { readonly kind: 'started' | 'ended'; readonly thread: number }
  | { readonly kind: 'flush'; readonly waiting: SharedArrayBuffer }

/** The application's threads, as the main thread knows them. */
export interface Threads {
  /** Tells all of them to export what they have; so many answers will come. */
  readonly flush: (waiting: SharedArrayBuffer) => number
}

/** Threads end with the main thread, and are not told. This keeps a list of those that trace, for the main thread to ask. */
export function followThreads(): Threads {
  const tracing = new Set<number>()
  let channel: BroadcastChannel | undefined
  process.on('worker', () => {
    channel ??= listen((message) => {
      if (message.kind === 'started') tracing.add(message.thread)
      if (message.kind === 'ended') tracing.delete(message.thread)
    })
  })
  tellEnds()
  return {
    flush(waiting) {
      if (tracing.size > 0) send(channel, { kind: 'flush', waiting })
      return tracing.size
    },
  }
}

/** Exports what this thread has when the main thread is about to end. */
export function followMainThread(flush: () => Promise<void>): void {
  const channel = listen((message) => {
    if (message.kind !== 'flush') return
    flush().then(
      () => answer(message.waiting),
      (error: unknown) => answer(message.waiting, String(error)),
    )
  })
  send(channel, { kind: 'started', thread: threadId })
  tellEnds()
}

/** Says which threads of this one have ended: one that is terminated cannot say so itself. */
function tellEnds(): void {
  let channel: BroadcastChannel | undefined
  process.on('worker', (worker: Worker) => {
    channel ??= listen(() => undefined)
    const { threadId: thread } = worker
    worker.once('exit', () => send(channel, { kind: 'ended', thread }))
  })
}

function listen(heard: (message: Message) => void): BroadcastChannel {
  const channel = new BroadcastChannel('coalmine.register')
  channel.onmessage = (event: unknown) => heard((event as { data: Message }).data)
  channel.unref()
  return channel
}

function send(channel: BroadcastChannel | undefined, message: Message): void {
  channel?.postMessage(message)
}

import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Outbox } from './outbox.ts'
import type { Route } from './route.ts'
import type { Parcel } from './send-last.ts'
import type { Threads } from './threads.ts'
import { type Interlude, newAnswers, waitForAnswers } from './wait.ts'

/** One of the places that spans go to. */
export interface Destination {
  readonly outbox: Outbox
  readonly route: Route
  readonly serialize: (spans: ReadableSpan[]) => Uint8Array | undefined
}

/** What a last export needs. */
export interface LastExport {
  readonly destinations: readonly Destination[]
  /** Hands everything that is queued to the outboxes, before it returns. */
  readonly bring: () => void
  /** The application's other threads; a thread that is not the main one has none. */
  readonly threads: Threads | undefined
  readonly timeoutMs: number
  /** What is to happen while it takes longer than usual. */
  readonly interlude?: Interlude | undefined
}

/**
 * Exports everything that has not arrived yet before it returns, for where nothing can be awaited any more: in the
 * `exit` event, after an uncaught exception, before a signal ends the process. A thread sends it while this one waits,
 * for at most `timeoutMs`. Not a process: that takes longer, and in a single-file executable it would be the application
 * once more. And not the exporter: loading it there takes four times what the whole export does. Gives what went wrong,
 * if anything did.
 */
export function exportLast({ destinations, bring, threads, timeoutMs, interlude }: LastExport): string | undefined {
  const spans = takeAll(destinations, bring)
  const parcels = destinations.flatMap(({ route, serialize }, n): Parcel[] => {
    const body = spans[n]!.length > 0 ? serialize(spans[n]!) : undefined
    return body ? [{ route, body }] : []
  })
  const waiting = newAnswers()
  const asked = threads?.flush(waiting) ?? 0
  if (parcels.length > 0) {
    const worker = new Worker(sender(), {
      workerData: { parcels, waiting },
      // Not the application's: it would trace itself.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdout: true,
      stderr: true,
    })
    worker.unref()
    worker.on('error', () => undefined)
  }
  return waitForAnswers(waiting, asked + (parcels.length > 0 ? 1 : 0), timeoutMs, interlude)
}

/**
 * The thread's program, as text: it has none of the application's hooks, and where these read an archive, as those of
 * yarn's Plug'n'Play do, it would not find the file.
 */
function sender(): URL {
  const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
  const wait = dataUrl(read('./wait.js'))
  return new URL(dataUrl(read('./send-last.js').replace("'./wait.js'", `'${wait}'`)))
}

function dataUrl(program: string): string {
  return `data:text/javascript;base64,${Buffer.from(program).toString('base64')}`
}

/** All outboxes are open at once: what brings one's spans brings the others' too. */
function takeAll([first, ...rest]: readonly Destination[], bring: () => void): ReadableSpan[][] {
  if (!first) return []
  let others: ReadableSpan[][] = []
  const own = first.outbox.takeAll(() => {
    if (rest.length === 0) bring()
    else others = takeAll(rest, bring)
  })
  return [own, ...others]
}

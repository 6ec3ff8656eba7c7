// Where the answers come from: a real Prometheus, a proxy that writes its answers down, or those.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMetrics } from './backfill.ts'
import { startPrometheus, target } from './real.ts'
import { processOf } from './service.ts'

export interface Source {
  readonly url: string
  /** The end of the window of what is scraped live. */
  liveEnd(): Promise<string>
  close(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Recorded {
  readonly liveEnd: string
  readonly answers: Record<string, Answer>
}

export const recordedFile: URL = new URL('recorded.json', import.meta.url)

// Two cells of 5 s have to be complete, whenever it begins.
const fewestScrapes = 12

export async function realSource(): Promise<Source> {
  const targets = [
    await target(processOf('1.0.0', 'a', { seed: 4 }), 'native', 300),
    await target(processOf('1.0.0', 'b', { seed: 5 }), 'native', 300),
    await target(processOf('2.0.0', 'c', { seed: 6, slower: 1.5 }), 'native', 150),
  ]
  const prometheus = await startPrometheus({ openMetrics: openMetrics(), targets })
  return {
    url: prometheus.url,
    async liveEnd() {
      while (targets.some((one) => one.scraped() < fewestScrapes)) await sleep(100)
      return new Date().toISOString()
    },
    async close() {
      await prometheus.stop()
      for (const one of targets) await one.close()
    },
  }
}

export async function recordedSource(): Promise<Source> {
  const { liveEnd, answers } = JSON.parse(readFileSync(recordedFile, 'utf8')) as Recorded
  const server = await answering((question) => {
    const known = answers[question]
    return known ?? { status: 404, body: { status: 'error', errorType: 'not_recorded', error: question } }
  })
  return { ...server, liveEnd: async () => liveEnd }
}

/** Asks another source, and notes what it answers. */
export async function recording(source: Source, answers: Record<string, Answer>): Promise<Source> {
  const server = await answering(async (question, path, form) => {
    const posted = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    }
    const response = await fetch(source.url + path, form === '' ? {} : posted)
    const answer = { status: response.status, body: await response.json() }
    answers[question] = answer
    return answer
  })
  return { ...server, liveEnd: source.liveEnd }
}

async function answering(
  answer: (question: string, path: string, form: string) => Answer | Promise<Answer>,
): Promise<Pick<Source, 'url' | 'close'>> {
  const server = createServer(async (request, response) => {
    const form = await text(request)
    const { status, body } = await answer(`${request.url} ${form}`, request.url ?? '', form)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

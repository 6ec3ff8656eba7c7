import http from 'node:http'
import { exponential, seeded } from './random.ts'

/** What to send, where and how fast. */
export interface LoadOptions {
  /** Shares need not add up to 1: they are weights. */
  readonly targets: readonly { readonly url: string; readonly share: number }[]
  readonly ratePerSecond: number
  /** The share of requests that are marked as test traffic, of the run `demo`. */
  readonly testShare: number
  readonly seed: number
  /** Ends the load: no request is sent after it, those under way are awaited. */
  readonly signal: AbortSignal
}

/** How many requests were sent to each target, how many of them as a test, and how many failed (no answer, or 5xx). */
export interface LoadCounts {
  readonly sent: number[]
  test: number
  failed: number
}

const routes = [
  { method: 'GET', path: '/products', weight: 0.48 },
  { method: 'GET', path: '/cart', weight: 0.48 },
  { method: 'POST', path: '/checkout', weight: 0.04 },
] as const

/**
 * Sends real HTTP requests over kept-alive connections, open loop: they arrive at random (Poisson), whether or not the
 * earlier ones are answered. The seed decides when, where to and which.
 *
 * @returns live counts, and `done`, which waits for the last answer after `signal`
 * @example startLoad({ targets: [{ url: stableUrl, share: 1 }], ratePerSecond: 100, testShare: 0, seed: 1, signal })
 */
export function startLoad(options: LoadOptions): { readonly counts: LoadCounts; readonly done: Promise<void> } {
  const { targets, ratePerSecond, testShare, seed, signal } = options
  const random = seeded(seed)
  const agent = new http.Agent({ keepAlive: true, scheduling: 'fifo' })
  const counts: LoadCounts = { sent: targets.map(() => 0), test: 0, failed: 0 }
  const underWay = new Set<Promise<void>>()

  const sendOne = (): void => {
    const target = pick(targets, (each) => each.share, random())
    const route = pick(routes, (each) => each.weight, random())
    const isTest = random() < testShare
    const url = (targets[target] as { url: string }).url
    counts.sent[target] = (counts.sent[target] ?? 0) + 1
    if (isTest) counts.test++
    const { method, path } = routes[route] as (typeof routes)[number]
    const headers = isTest ? { 'x-load-test': 'demo' } : {}
    const answer = send(url + path, { agent, method, headers }).then((ok) => {
      if (!ok) counts.failed++
      underWay.delete(answer)
    })
    underWay.add(answer)
  }

  const arrivals = new Promise<void>((resolve) => {
    let next = performance.now()
    const tick = (): void => {
      // Arrivals that a busy moment held up are sent late rather than never.
      while (!signal.aborted && next <= performance.now()) {
        sendOne()
        next += exponential(random, 1000 / ratePerSecond)
      }
      if (signal.aborted) resolve()
      else setTimeout(tick, Math.min(Math.max(next - performance.now(), 0), 100))
    }
    tick()
  })
  const done = arrivals.then(() => Promise.all(underWay)).then(() => agent.destroy())
  return { counts, done }
}

function pick<T>(items: readonly T[], weight: (item: T) => number, uniform: number): number {
  let left = uniform * items.reduce((sum, item) => sum + weight(item), 0)
  const found = items.findIndex((item) => {
    left -= weight(item)
    return left < 0
  })
  return found < 0 ? items.length - 1 : found
}

function send(url: string, options: http.RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    http
      .request(url, options, (res) => {
        res.resume()
        res.on('close', () => resolve((res.statusCode ?? 500) < 500))
      })
      .on('error', () => resolve(false))
      .end()
  })
}

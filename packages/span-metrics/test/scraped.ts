// Processes that serve seeded traffic and are scraped, each at moments of its own.
import type { Cumulative } from '../src/native.ts'
import type { Scraped } from '../src/samples.ts'

export interface Traffic {
  readonly minutes: number
  readonly intervalSeconds: number
  readonly requestsPerSecond: number
  /** When in its interval each process is scraped, from 0 to 1. */
  readonly stable: readonly number[]
  readonly canary: readonly number[]
  /** The canary's share of the requests in a second. */
  readonly share: (second: number) => number
  /** What latencies are multiplied with in a second, in both arms. */
  readonly level: (second: number) => number
  /** How many times slower the canary is. */
  readonly slower?: number
}

/** Samples from a minute before the start on, which is 1970. */
export function scrapedFrom(traffic: Traffic, random: () => number): Record<'stable' | 'canary', Scraped[]> {
  const { share } = traffic
  const { stable, canary, slower = 1 } = traffic
  return {
    stable: stable.map((offset, at) =>
      processOf(`stable-${at}`, offset, (s) => (1 - share(s)) / stable.length, 1, traffic, random),
    ),
    canary: canary.map((offset, at) =>
      processOf(`canary-${at}`, offset, (s) => share(s) / canary.length, slower, traffic, random),
    ),
  }
}

function processOf(
  instance: string,
  offset: number,
  part: (second: number) => number,
  slower: number,
  { minutes, intervalSeconds, requestsPerSecond, level }: Traffic,
  random: () => number,
): Scraped {
  const counts = new Map<number, number>()
  const times: number[] = []
  const values: Cumulative[] = []
  let next = -60 + offset * intervalSeconds
  for (let second = -60; second < minutes * 60; second += 1) {
    while (next <= second) {
      times.push(Math.round(next * 1000))
      const indices = [...counts.keys()].sort((a, b) => a - b)
      values.push({ scale: 5, zero: 0, indices, counts: indices.map((index) => counts.get(index)!), zeroTo: 0 })
      next += intervalSeconds
    }
    const expected = requestsPerSecond * part(second)
    const n = Math.max(0, Math.round(expected + Math.sqrt(expected) * normal(random)))
    for (let at = 0; at < n; at += 1) {
      const seconds = 0.1 * slower * level(second) * Math.exp(0.6 * normal(random))
      const index = Math.ceil(Math.log2(seconds) * 32) - 1
      counts.set(index, (counts.get(index) ?? 0) + 1)
    }
  }
  return { labels: { job: 'app', instance, span_name: 'GET /' }, times, values, bounds: null }
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

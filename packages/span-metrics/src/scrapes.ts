import { beforeCanary } from './anchor.ts'
import type { Prometheus } from './api.ts'
import type { ByArm } from './arms.ts'
import { entrySpans, matchersOf, promql } from './cohort.ts'
import { discover, type Found } from './discover.ts'
import { type SoundRequest, trafficMatchers } from './request.ts'
import { keyOf, type Scraped, samplesOf } from './samples.ts'

/** Samples this long before the window show how its series began. A sample stays current as long, so they include one more scrape. */
const leadMs = 300_000
const dayMs = 86_400_000

/** The scraped samples of both cohorts. */
export interface Scrapes {
  readonly found: Found
  /** The name of the series that count requests. */
  readonly counted: string
  /** The start of the samples that were read, in milliseconds since 1970. */
  readonly readFromMs: number
  /** The start of the window, or a moment before the canary's first sample. */
  readonly anchorMs: number
  /** Series that belong to one cohort only. */
  readonly apart: ByArm<readonly Scraped[]>
  /** Series that both selectors match: they belong to neither cohort. */
  readonly both: readonly Scraped[]
}

/**
 * Finds the span metrics that both cohorts have and reads their raw samples.
 *
 * Throws a SpanMetricsError that says what is missing.
 */
export async function readScrapes(prometheus: Prometheus, request: SoundRequest): Promise<Scrapes> {
  const { service, metric, startMs, endMs } = request
  const traffic = trafficMatchers(request.traffic)
  const cohorts = { stable: matchersOf(request.stable), canary: matchersOf(request.canary) }
  const found = await discover(prometheus, { service, ...cohorts, traffic, metric }, startMs ?? endMs - dayMs, endMs)
  const common = [found.service, entrySpans, ...found.side, ...traffic]
  const counted = found.kind === 'classic' ? `${found.family}_count` : found.family
  const anchorMs =
    startMs ?? (await beforeCanary(prometheus, promql(counted, [...found.cohorts.canary, ...common]), endMs))
  const readFromMs = anchorMs - leadMs
  const stable = await samplesOf(prometheus, found, [...found.cohorts.stable, ...common], readFromMs, endMs)
  const canary = await samplesOf(prometheus, found, [...found.cohorts.canary, ...common], readFromMs, endMs)
  return { found, counted, readFromMs, anchorMs, ...withoutOverlap({ stable, canary }) }
}

function withoutOverlap({ stable, canary }: ByArm<readonly Scraped[]>): Pick<Scrapes, 'apart' | 'both'> {
  const keys = new Set(canary.map(({ labels }) => keyOf(labels)))
  const both = stable.filter(({ labels }) => keys.has(keyOf(labels)))
  const shared = new Set(both.map(({ labels }) => keyOf(labels)))
  const apart = (series: readonly Scraped[]): Scraped[] => series.filter(({ labels }) => !shared.has(keyOf(labels)))
  return { apart: { stable: apart(stable), canary: apart(canary) }, both }
}

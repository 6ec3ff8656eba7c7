import { askPrometheus, type Prometheus } from './api.ts'
import { SpanMetricsError } from './errors.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

/** How far back to search for the canary's first sample, and in what steps. Prometheus looks back five minutes for a sample. */
const reaches = [
  { backMs: dayMs, stepMs: minuteMs },
  { backMs: 7 * dayMs, stepMs: 10 * minuteMs },
]

/**
 * A moment at most one step before the canary's first sample. The window starts there at every look.
 *
 * Throws a SpanMetricsError if the canary has no sample, or is older than the search reaches back.
 */
export async function beforeCanary(prometheus: Prometheus, selector: string, endMs: number): Promise<number> {
  for (const { backMs, stepMs } of reaches) {
    const end = Math.ceil(endMs / stepMs) * stepMs
    const start = end - backMs
    const data = await askPrometheus(prometheus, 'query_range', [
      ['query', `count(${selector})`],
      ['start', String(start / 1000)],
      ['end', String(end / 1000)],
      ['step', String(stepMs / 1000)],
    ])
    const { result } = data as { result: readonly { readonly values?: readonly (readonly [number, string])[] }[] }
    const first = result[0]?.values?.[0]
    if (!first) throw new SpanMetricsError('no-data', `the canary has no sample between ${iso(start)} and ${iso(end)}`)
    if (first[0] * 1000 > start + 10 * minuteMs) return first[0] * 1000 - stepMs
  }
  throw new SpanMetricsError(
    'usage',
    'the canary has been running for more than 7 days: say from when to judge it, with --start or --since',
  )
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

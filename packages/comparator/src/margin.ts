/** How much slower is still acceptable: `ratio` (0.1 is 10 %) or `seconds` more, whichever is larger. */
export interface LatencyMargin {
  readonly ratio: number
  readonly seconds: number
}

/** How many more events are still acceptable: an odds ratio, or `difference` in probability, whichever is larger. */
export interface RateMargin {
  readonly oddsRatio: number
  readonly difference: number
}

/** How many of the canary's requests may be missing: 0.05 is 5 %. */
export interface ShareMargin {
  readonly ratio: number
}

export interface Margins {
  readonly latency: LatencyMargin
  readonly errors: RateMargin
  readonly '4xx': RateMargin
  readonly 'lost-requests': ShareMargin
}

export type Metric = keyof Margins

export const metrics: readonly Metric[] = ['latency', 'errors', '4xx', 'lost-requests']

/**
 * A margin from its text: `10%,2ms` for latency, `1.5,0.1pp` for errors and 4xx, `5%` for lost requests. Either half
 * of a pair may be left out and is then zero (an odds ratio of 1).
 *
 * @throws {RangeError} naming `at` and the form that was expected.
 * @example parseMargin('latency', '10%,2ms', '--margin') // { ratio: 0.1, seconds: 0.002 }
 */
export function parseMargin<M extends Metric>(metric: M, text: string, at: string): Margins[M]
export function parseMargin(metric: Metric, text: string, at: string): Margins[Metric] {
  const parts = text.split(',').map((part) => part.trim())
  switch (metric) {
    case 'latency':
      return latencyMarginOf(parts, text, at)
    case 'errors':
    case '4xx':
      return rateMarginOf(parts, metric, text, at)
    case 'lost-requests':
      return { ratio: shareMarginOf(parts, text, at) }
  }
}

/** The text that `parseMargin` reads back. */
export function formatMargin(margin: Margins[Metric]): string {
  if ('seconds' in margin) return `${percent(margin.ratio)},${tidy(margin.seconds * 1000)}ms`
  if ('oddsRatio' in margin) return `${tidy(margin.oddsRatio)},${tidy(margin.difference * 100)}pp`
  return percent(margin.ratio)
}

/** Refuses a half that is given twice, of which one would silently win. */
function once(taken: Set<string>, half: string, text: string, at: string): void {
  if (taken.has(half)) throw new RangeError(`${at}: expected each half of a margin once, got "${text}"`)
  taken.add(half)
}

function latencyMarginOf(parts: readonly string[], text: string, at: string): LatencyMargin {
  let ratio = 0
  let seconds = 0
  const taken = new Set<string>()
  for (const part of parts) {
    const match = /^(\d+(?:\.\d+)?)(%|ms|s)$/.exec(part)
    if (!match) throw new RangeError(`${at}: expected a latency margin such as 10%,2ms, got "${text}"`)
    const value = Number(match[1])
    once(taken, match[2] === '%' ? 'ratio' : 'time', text, at)
    if (match[2] === '%') ratio = value / 100
    else seconds = match[2] === 'ms' ? value / 1000 : value
  }
  return { ratio, seconds }
}

function rateMarginOf(parts: readonly string[], metric: string, text: string, at: string): RateMargin {
  let oddsRatio = 1
  let difference = 0
  const taken = new Set<string>()
  for (const part of parts) {
    const match = /^(\d+(?:\.\d+)?)(pp)?$/.exec(part)
    const value = Number(match?.[1])
    const sound = match && (match[2] ? value < 100 : value >= 1)
    if (!sound) {
      throw new RangeError(
        `${at}: expected a margin for ${metric} such as 1.5,0.1pp (an odds ratio of 1 or more, percentage points below 100), got "${text}"`,
      )
    }
    once(taken, match[2] ?? 'odds', text, at)
    if (match[2]) difference = value / 100
    else oddsRatio = value
  }
  return { oddsRatio, difference }
}

function shareMarginOf(parts: readonly string[], text: string, at: string): number {
  const match = parts.length === 1 ? /^(\d+(?:\.\d+)?)%$/.exec(parts[0]!) : null
  const ratio = Number(match?.[1]) / 100
  if (!match || ratio >= 1) throw new RangeError(`${at}: expected a margin for lost-requests such as 5%, got "${text}"`)
  return ratio
}

function percent(ratio: number): string {
  return `${tidy(ratio * 100)}%`
}

function tidy(value: number): string {
  return String(Number(value.toPrecision(12)))
}

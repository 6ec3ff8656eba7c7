/** How much slower is acceptable: by `ratio` (0.1 is 10 %) or by `seconds`, whichever is larger. */
export interface LatencyMargin {
  readonly ratio: number
  readonly seconds: number
}

/** How many more events are acceptable: an odds ratio, or a `difference` in probability, whichever is larger. */
export interface RateMargin {
  readonly oddsRatio: number
  readonly difference: number
}

/** How much higher a number (cost, bytes, calls), or how much lower a count (requests), may acceptably be: 0.05 is 5 %. */
export interface RatioMargin {
  readonly ratio: number
}

/** How much worse is acceptable, in the form that fits the metric. */
export type Margin = LatencyMargin | RateMargin | RatioMargin

/** The form of a margin. A `loss` is a ratio of at most 1, since no more than everything can be lost. */
export type MarginForm = 'latency' | 'rate' | 'ratio' | 'loss'

/** The default margins. */
export const defaultMargins: Readonly<Record<MarginForm, Margin>> = {
  latency: { ratio: 0.1, seconds: 0.002 },
  rate: { oddsRatio: 1.5, difference: 0.001 },
  loss: { ratio: 0.05 },
  ratio: { ratio: 0.1 },
}

interface Margins {
  readonly latency: LatencyMargin
  readonly rate: RateMargin
  readonly ratio: RatioMargin
  readonly loss: RatioMargin
}

/**
 * Parses a margin: `10%,2ms` for latency, `1.5,0.1pp` for rates, `5%` for numbers and counts. Either half of a
 * pair may be omitted and is then zero (an odds ratio of 1).
 *
 * @throws {RangeError} naming the expected form.
 * @example parseMargin('latency', '10%,2ms') // { ratio: 0.1, seconds: 0.002 }
 */
export function parseMargin<F extends MarginForm>(form: F, text: string): Margins[F]
export function parseMargin(form: MarginForm, text: string): Margin {
  const parts = text.split(',').map((part) => part.trim())
  switch (form) {
    case 'latency':
      return latencyMarginOf(parts, text)
    case 'rate':
      return rateMarginOf(parts, text)
    case 'ratio':
      return { ratio: ratioOf(parts, text, Number.POSITIVE_INFINITY, 'a margin such as 5%') }
    case 'loss':
      return { ratio: ratioOf(parts, text, 1, 'a margin below 100 %, such as 5%') }
  }
}

/**
 * Formats a margin as text that `parseMargin` reads back.
 *
 * @example formatMargin({ ratio: 0.1, seconds: 0.002 }) // '10%,2ms'
 */
export function formatMargin(margin: Margin): string {
  if ('seconds' in margin) return `${percent(margin.ratio)},${tidy(margin.seconds * 1000)}ms`
  if ('oddsRatio' in margin) return `${tidy(margin.oddsRatio)},${tidy(margin.difference * 100)}pp`
  return percent(margin.ratio)
}

/** Rejects a half that is given twice, since one would silently win. */
function once(taken: Set<string>, half: string, text: string): void {
  if (taken.has(half)) throw new RangeError(`expected each half of a margin once, got "${text}"`)
  taken.add(half)
}

function latencyMarginOf(parts: readonly string[], text: string): LatencyMargin {
  let ratio = 0
  let seconds = 0
  const taken = new Set<string>()
  for (const part of parts) {
    const match = /^(\d+(?:\.\d+)?)(%|ms|s)$/.exec(part)
    if (!match) throw new RangeError(`expected a latency margin such as 10%,2ms, got "${text}"`)
    const value = Number(match[1])
    once(taken, match[2] === '%' ? 'ratio' : 'time', text)
    if (match[2] === '%') ratio = value / 100
    else seconds = match[2] === 'ms' ? value / 1000 : value
  }
  return { ratio, seconds }
}

function rateMarginOf(parts: readonly string[], text: string): RateMargin {
  let oddsRatio = 1
  let difference = 0
  const taken = new Set<string>()
  for (const part of parts) {
    const match = /^(\d+(?:\.\d+)?)(pp)?$/.exec(part)
    const value = Number(match?.[1])
    const sound = match && (match[2] ? value < 100 : value >= 1)
    if (!sound) {
      throw new RangeError(
        `expected a margin such as 1.5,0.1pp (an odds ratio of 1 or more, percentage points below 100), got "${text}"`,
      )
    }
    once(taken, match[2] ?? 'odds', text)
    if (match[2]) difference = value / 100
    else oddsRatio = value
  }
  return { oddsRatio, difference }
}

function ratioOf(parts: readonly string[], text: string, limit: number, form: string): number {
  const match = parts.length === 1 ? /^(\d+(?:\.\d+)?)%$/.exec(parts[0]!) : null
  const ratio = Number(match?.[1]) / 100
  if (!match || ratio >= limit) throw new RangeError(`expected ${form}, got "${text}"`)
  return ratio
}

function percent(ratio: number): string {
  return `${tidy(ratio * 100)}%`
}

function tidy(value: number): string {
  return String(Number(value.toPrecision(12)))
}

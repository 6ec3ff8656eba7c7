import { SpanMetricsError } from './errors.ts'
import { fromZero, type Increase, increaseOf, totalOf } from './increase.ts'
import { processOf } from './labels.ts'
import type { Scraped } from './samples.ts'

/** The counts that a series added between two scrapes. */
export interface Increment {
  readonly series: Scraped
  readonly fromMs: number
  readonly toMs: number
  readonly increase: Increase
  /** Whether the process was warming up. */
  readonly warmingUp: boolean
}

/** The counts that the series of a cohort added, scrape by scrape. */
export interface Increments {
  readonly increments: readonly Increment[]
  /** Requests already counted at the first scrapes of processes, so that their time is unknown. */
  readonly undated: number
}

/** Times that determine the increments, in milliseconds. */
export interface Timing {
  /** When the samples read begin, and when the wanted ones do; those in between show how series began. */
  readonly readFromMs: number
  readonly startMs: number
  readonly warmUpMs: number
  readonly intervalMs: number
}

// If a scrape comes this many intervals after the one before, scrapes were missed in between.
const tooLate = 2.5

/**
 * The counts that each series added between its scrapes, in whole requests.
 *
 * A series that appears while its process was already being scraped began at zero: an error's series does not exist before the
 * first error. The first scrape of a process does not say when its counts arose, so they are left out. So are those of series that
 * replace others, for instance after a change of labels.
 */
export function incrementsOf(series: readonly Scraped[], timing: Timing): Increments {
  const increments: Increment[] = []
  let undated = 0
  for (const together of byProcess(series)) {
    const scrapes = scrapesOf(together)
    const firstMs = scrapes.times[0] ?? 0
    const born = firstMs > timing.readFromMs + tooLate * timing.intervalMs
    const add = (one: Scraped, fromMs: number, toMs: number, increase: Increase): void => {
      if (toMs <= timing.startMs || totalOf(increase) === 0) return
      checkWhole(increase, one)
      increments.push({ series: one, fromMs, toMs, increase, warmingUp: born && toMs <= firstMs + timing.warmUpMs })
    }
    const leaveOut = (toMs: number, increase: Increase): void => {
      if (toMs > timing.startMs) undated += totalOf(increase)
    }
    const steps = together.map((one) => ({ one, steps: stepsOf(one) }))
    const resets = steps.flatMap(({ steps }) => steps.filter(({ reset }) => reset).map(({ toMs }) => toMs))
    for (const { one, steps: own } of steps) {
      const [firstTime] = one.times
      if (firstTime !== undefined) begins(one, firstTime, fromZero(one.values[0]!), born)
      for (const { fromMs, toMs, increase, reset, whole } of own) {
        const away = (scrapes.before(toMs) ?? fromMs) > fromMs
        const restarted = resets.some((at) => at > fromMs && at <= toMs)
        if (away && (reset || restarted)) begins(one, toMs, whole, true)
        else if (!reset || toMs - fromMs <= tooLate * timing.intervalMs) add(one, fromMs, toMs, increase)
        else leaveOut(toMs, increase)
      }
    }

    /** A series that is there, and was not at the scrape before; what is left out of it is `counted`, or was before samples were read. */
    function begins(one: Scraped, time: number, whole: Increase, counted: boolean): void {
      const scraped = scrapes.before(time)
      const known = time > timing.readFromMs + tooLate * timing.intervalMs
      if (scraped !== undefined && known && appears(scraped, time)) add(one, scraped, time, whole)
      else if (counted) leaveOut(time, whole)
    }

    function appears(scraped: number, time: number): boolean {
      return time - scraped <= tooLate * timing.intervalMs && !scrapes.endedAt.has(scraped)
    }
  }
  return { increments, undated }
}

/** The increases of a series from scrape to scrape. */
function stepsOf({ times, values }: Scraped): readonly {
  readonly fromMs: number
  readonly toMs: number
  readonly increase: Increase
  readonly reset: boolean
  readonly whole: Increase
}[] {
  return times.slice(1).map((toMs, at) => ({
    fromMs: times[at]!,
    toMs,
    ...increaseOf(values[at]!, values[at + 1]!),
    whole: fromZero(values[at + 1]!),
  }))
}

/** The scrape interval: the median time between two scrapes of a series, for the arm with the longer one. */
export function intervalOf(arms: readonly (readonly Scraped[])[]): number {
  const medians = arms.map((series) => {
    const gaps = series
      .flatMap(({ times }) => times.slice(1).map((time, at) => time - times[at]!))
      .sort((a, b) => a - b)
    return gaps[gaps.length >> 1] ?? 0
  })
  return Math.max(...medians)
}

function byProcess(series: readonly Scraped[]): Scraped[][] {
  const processes = new Map<string, Scraped[]>()
  for (const one of series) {
    const process = processOf(one.labels)
    const known = processes.get(process)
    if (known) known.push(one)
    else processes.set(process, [one])
  }
  return [...processes.values()]
}

/** When a process was scraped, and at which of those scrapes a series was seen for the last time. */
function scrapesOf(series: readonly Scraped[]): {
  readonly times: readonly number[]
  readonly endedAt: ReadonlySet<number>
  before(time: number): number | undefined
} {
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b)
  const places = new Map(times.map((time, at) => [time, at]))
  return {
    times,
    endedAt: new Set(series.map((one) => one.times.at(-1)!)),
    before: (time) => times[places.get(time)! - 1],
  }
}

function checkWhole({ zero, counts }: Increase, { labels }: Scraped): void {
  const odd = [zero, ...counts].find((count) => !Number.isInteger(count))
  if (odd === undefined) return
  throw new SpanMetricsError(
    'malformed',
    `${labels['__name__']} grew by ${odd}, which is not a whole number of requests: is it recorded by a rule, or scaled up from a sample? Name the histogram itself with --metric`,
  )
}

/** What a process said at a tick. */
export interface Said {
  readonly tick: number
  readonly logE: number
}

/** What a process says at tick after tick, of which so much is kept as it takes to tell what it said halfway. */
export interface Halfway {
  readonly add: (tick: number, logE: number) => void
  /** Null while there are fewer than two ticks. */
  readonly told: () => Said | null
}

// Up to so many ticks halfway is the middle; of more it is the middle of every second one, of twice as many that of every fourth.
const exactTo = 256

/** Nothing is said yet. However many ticks there are, a few hundred numbers are kept: comparisons may run for days. */
export function newHalfway(): Halfway {
  let ticks: number[] = []
  let logs: number[] = []
  // The first of these is that of so many ticks.
  let first = 1
  let step = 1
  let count = 0
  /** How many ticks there were halfway. */
  const middle = (): number => Math.floor(count / 2 / step) * step

  const forget = (isKept: (at: number) => boolean): void => {
    const kept = ticks.map((_, at) => first + at * step).filter(isKept)
    const placeOf = (at: number): number => (at - first) / step
    ticks = kept.map((at) => ticks[placeOf(at)]!)
    logs = kept.map((at) => logs[placeOf(at)]!)
  }

  return {
    add: (tick, logE) => {
      count += 1
      if (count % step === 0) {
        ticks.push(tick)
        logs.push(logE)
      }
      if (count === exactTo * step) {
        const wider = 2 * step
        forget((at) => at % wider === 0 && at >= count / 2)
        step = wider
        first = Math.ceil(count / 2 / step) * step
      }
    },
    told: () => {
      if (middle() < 1) return null
      const at = (middle() - first) / step
      return { tick: ticks[at]!, logE: logs[at]! }
    },
  }
}

import type { Facts, InstanceFacts } from '../facts.ts'
import { duration } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import { tickMs } from '../tick.ts'

// A process stays somewhat slower for this many times its warm-up.
const timesWarmUp = 3

/** Ages explain a difference if the canary's share of young instances exceeds stable's by this much. */
const moreOfThem = 0.5

/**
 * Ticks in which the canary's instances are young and stable's are not: caches and compilers are cold beyond the warm-up that is
 * left out, so being slower than stable is not harm then. Latency in these ticks cannot FAIL; errors can.
 *
 * @returns whether a tick, by its start in milliseconds since 1970, is one of them.
 */
export function youngTicks({ fairness }: Facts, { warmUp }: Policy): (tick: number) => boolean {
  const instances = fairness?.instances ?? []
  const youngMs = timesWarmUp * warmUp * 1000
  if (warmUp === 0 || !instances.some((one) => one.born && one.cohort === 'canary')) return () => false
  const share = (cohort: InstanceFacts['cohort'], tick: number): number => {
    const there = instances.filter((one) => one.cohort === cohort && one.firstMs < tick + tickMs && one.lastMs >= tick)
    const young = there.filter((one) => one.born && tick < one.firstMs + youngMs)
    return there.length === 0 ? 0 : young.length / there.length
  }
  const known = new Map<number, boolean>()
  return (tick) => {
    const found = known.get(tick) ?? share('canary', tick) - share('stable', tick) > moreOfThem
    known.set(tick, found)
    return found
  }
}

/** The note that part of the window cannot FAIL on latency, since the canary's processes were new. */
export function youngReasons(facts: Facts, policy: Policy): Reason[] {
  const isYoung = youngTicks(facts, policy)
  const first = Math.floor(Date.parse(facts.window.start) / tickMs) * tickMs
  const ticks = Array.from(
    { length: Math.ceil(facts.window.seconds / (tickMs / 1000)) },
    (_, at) => first + at * tickMs,
  )
  const young = ticks.filter(isYoung).length
  if (young === 0) return []
  return [
    {
      code: 'young-instances',
      weight: 'note',
      message: `For ${duration((young * tickMs) / 1000)} of the window the canary's instances were less than ${duration(timesWarmUp * policy.warmUp)} old and stable's were older: new processes are slow at first, so latency cannot FAIL on that time. Errors can.`,
    },
  ]
}

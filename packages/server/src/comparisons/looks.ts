import type { NextTicks, TickLook, Verdict } from '@coalmine/comparator'
import { type Comparison, cohortTicksIn, flagOfCohorts, type OperationTicks, type WarmUp } from '@coalmine/store'
import { judgedToGoOn } from '../compare/compare.ts'
import { measuredSlices } from '../compare/own-measures.ts'
import { type ComparisonRequest, cohortsAsked } from '../compare/request.ts'
import { slicesOf } from '../compare/slices.ts'
import { operationsOf } from '../compare/window.ts'
import type { Context } from '../context.ts'
import { type Look, lookOf } from './state.ts'
import type { ServiceNews, TickFeed } from './tick-feed.ts'

/** The result of a look at a comparison. */
export interface Looked {
  readonly look: Look
  /** Seconds of canary traffic judged. */
  readonly seconds: number
  readonly canaryRequests: number
  /** Whether it is invalid only for lack of spans that may still come. */
  readonly isEarly: boolean
  /** Set if the whole window was judged. */
  readonly verdict?: Verdict
}

/** The looks at one running comparison. */
export interface Looks {
  /** Looks again; undefined if nothing is new since the last look. */
  readonly next: () => Promise<Looked | undefined>
  /** Judges the whole window. */
  readonly whole: () => Promise<Looked>
  /** Whether the window has grown by at least this share since it was last judged as a whole. */
  readonly isDue: (growth?: number) => boolean
  /** The last look; undefined before the first. */
  readonly last: () => Looked | undefined
  readonly end: () => void
}

/** The state from which looks continue: the last one at the whole window, and what came since. */
interface Standing {
  readonly whole: Looked & { readonly verdict: Verdict }
  readonly startMs: number | undefined
  readonly warmUp: WarmUp
  readonly late: number
  readonly epoch: number
  /** The end of the ticks it has seen, and of those fed since, in milliseconds since 1970. */
  readonly judgedUntilMs: number
  /** Wall-clock time. */
  readonly judgedAtMs: number
  next: NextTicks | null
  untilMs: number
  seconds: number
  canaryRequests: number
  fed: boolean
}

const tickMs = 5_000
// How often to judge again while one cohort is missing.
const waitingMs = 20_000
// The window grows by at least this share between two looks at all of it, so that they cost no more than all other looks.
const leastGrowth = 0.02
// But so many looks at all of it may follow each other at once: what makes one begin anew, such as new instances, comes in bursts.
const mostSpare = 4
const growthWithLate = 0.125
// Spans from a day before may arrive at any time, for instance from a file.
const followedMs = 86_400_000
// Evidence that moved by this many per cent is worth a look at the whole window.
const movedBy = 20

/**
 * Looks at a comparison. Each new tick is fed to the running tests. The whole window is read and judged at first, when the outcome
 * changes, when the evidence has moved far, when new ticks change what was known of earlier ones, and whenever it has doubled. Where
 * new ticks cannot be fed, since one arm has not served yet or a FAIL is in doubt, the whole window is judged less often the longer it is.
 *
 * @param spread from 0 to 1, different for each comparison: those that began at the same time do not all double at the same tick.
 */
export function newLooks(
  request: ComparisonRequest,
  context: Context,
  feed: TickFeed,
  sinceMs: number,
  spread = 0,
): Looks {
  const { store } = context
  const { service, policy } = request
  const flag = flagOfCohorts(request)
  const isMeasured = policy.metrics.some(({ gate, measure }) => gate !== 'off' && ownKinds.has(measure.kind))
  const hidesErrors = policy.metrics.some(({ gate, measure }) => gate === 'on' && measure.kind === 'inner-errors')
  // If only spans can be read, nothing shows which ticks are closed.
  const followed = store.access !== 'spans'
  let followedSinceMs = sinceMs - followedMs
  let unfollow = followed ? feed.follow({ service, sinceMs: followedSinceMs, flag: flag ?? '' }) : () => {}
  let standing: Standing | undefined
  let news: ServiceNews | undefined
  let last: Looked | undefined
  let spare = mostSpare

  const followFrom = async (ms: number): Promise<void> => {
    if (!followed || ms >= followedSinceMs) return
    unfollow()
    unfollow = feed.follow({ service, sinceMs: ms, flag: flag ?? '' })
    followedSinceMs = ms
    news = await feed.newsOf(service)
  }

  const whole = async (): Promise<Looked> => {
    if (followed) news = await feed.newsOf(service)
    if (standing) spare = Math.max(0, Math.min(mostSpare, spare + grownBy(standing) / leastGrowth - 1))
    const untilMs = news?.untilMs
    const mayEnd = request.end === undefined && untilMs !== undefined && (request.start ?? 0) < untilMs
    const { verdict, next, startMs, warmUp } = await judgedToGoOn(
      mayEnd ? { ...request, end: untilMs } : request,
      context,
    )
    const looked = { ...lookedAt(verdict), verdict }
    last = looked
    // If no tick is closed yet, all of them will be news.
    const seenUntilMs = untilMs ?? (followed ? 0 : context.now())
    if (startMs !== undefined) await followFrom(startMs)
    standing = {
      whole: looked,
      startMs,
      warmUp,
      late: news?.late ?? 0,
      epoch: news?.epoch ?? 0,
      judgedUntilMs: seenUntilMs,
      judgedAtMs: context.now(),
      next: mayEnd ? next : null,
      untilMs: seenUntilMs,
      seconds: looked.seconds,
      canaryRequests: looked.canaryRequests,
      fed: false,
    }
    return looked
  }

  const windowMs = ({ judgedUntilMs, startMs }: Standing): number =>
    Math.max(tickMs, judgedUntilMs - (startMs ?? judgedUntilMs))

  /** How much the window has grown since it was last judged as a whole, as a share of it. */
  const grownBy = (standing: Standing): number => {
    const untilMs = news ? (news.untilMs ?? 0) : context.now()
    const grownMs = untilMs - standing.judgedUntilMs
    return grownMs < tickMs ? 0 : grownMs / windowMs(standing)
  }

  return {
    whole,
    isDue: (growth = leastGrowth) => standing?.fed === true && grownBy(standing) >= Math.max(growth, Number.MIN_VALUE),
    last: () => last,
    end: () => unfollow(),
    next: async () => {
      if (!standing) return whole()
      if (!followed) return grownBy(standing) >= leastGrowth ? whole() : undefined
      news = await feed.newsOf(service)
      if (news.epoch !== standing.epoch) return whole()
      // Older spans may arrive too, of which the feed gives no notice. The clock may have been set back.
      const isWaiting = standing.whole.look.outcome === 'invalid'
      if (
        isWaiting &&
        Math.abs(context.now() - standing.judgedAtMs) >= Math.max(waitingMs, leastGrowth * windowMs(standing))
      )
        return whole()
      if (news.untilMs === undefined || news.untilMs <= standing.untilMs) return undefined
      const rows = await news.rowsFrom(standing.untilMs)
      if (!rows) return whole()
      const found = cohortTicksIn(rows, { ...request, start: standing.startMs })
      if (isWaiting) {
        const served = found?.served ?? servedIn(await operationsOf(store, freshOf(standing, news.untilMs)))
        const isNews = served.canary || (served.stable && standing.canaryRequests > 0)
        // However long one arm serves alone, its ticks are not all read for each new one.
        if (isNews && grownBy(standing) >= leastGrowth) return whole()
        standing.untilMs = news.untilMs
        return undefined
      }
      const look = standing.next && (await fed(standing, news.untilMs, found))
      if (!look) {
        standing.next = null
        const grown = grownBy(standing)
        return grown >= leastGrowth || (grown > 0 && spare >= 1) ? whole() : undefined
      }
      if (isWorthAll(standing, look, news)) return whole()
      last = lookedOn(standing, look)
      return last
    },
  }

  /** Feeds the new ticks and returns the result; null if everything has to be judged again. */
  async function fed(
    standing: Standing,
    untilMs: number,
    found: ReturnType<typeof cohortTicksIn>,
  ): Promise<TickLook | null> {
    const { warmUp, startMs } = standing
    const fresh = freshOf(standing, untilMs)
    const isWarm = !warmUp.until.some((second) => second * 1000 > standing.untilMs)
    const operations = found && isWarm ? found.operations : await operationsOf(store, fresh, warmUp)
    const measured = isMeasured ? (await measuredSlices(store, fresh, policy)).slices : []
    const counted = found ?? countedIn(operations)
    standing.untilMs = untilMs
    standing.fed = true
    standing.canaryRequests += counted.canaryRequests
    if (counted.lastMs !== undefined && startMs !== undefined)
      standing.seconds = (counted.lastMs + tickMs - startMs) / 1000
    return standing.next!.add([...slicesOf(operations, hidesErrors), ...measured], found?.served.instances ?? [])
  }

  /** The comparison in the new ticks alone. */
  function freshOf({ startMs, untilMs }: Standing, end: number): Comparison {
    return { ...cohortsAsked(request), start: Math.max(startMs ?? 0, untilMs), end }
  }

  function isWorthAll(standing: Standing, look: TickLook, { late }: ServiceNews): boolean {
    const grown = grownBy(standing)
    if (grown >= 1 + spread / 2 || (late !== standing.late && grown >= growthWithLate)) return true
    const { outcome, harmPercent, safetyPercent } = standing.next!.first
    const moved = Math.max(Math.abs(look.harmPercent - harmPercent), Math.abs(look.safetyPercent - safetyPercent))
    return (look.outcome !== outcome || moved >= movedBy) && grown >= leastGrowth
  }
}

const ownKinds: ReadonlySet<string> = new Set(['attribute', 'calls', 'share'])

function lookedAt(verdict: Verdict): Looked {
  const { window, cohorts, reasons } = verdict
  return {
    look: lookOf(verdict),
    seconds: window.seconds,
    canaryRequests: cohorts.canary.requests,
    // At the start of a deploy one cohort is empty for a while.
    isEarly: reasons.some(({ code }) => code === 'no-data' || code === 'never-concurrent'),
  }
}

/** The look after new ticks; its outcome is that of the last look at the whole window. */
function lookedOn({ whole, seconds, canaryRequests }: Standing, tick: TickLook): Looked {
  const { outcome, reason } = whole.look
  const { harmPercent, safetyPercent } = tick
  return {
    ...lookedAt(whole.verdict),
    look: {
      outcome,
      reason: tick.outcome === outcome ? (tick.reason ?? reason) : reason,
      progress: { seconds, canaryRequests, harmPercent, safetyPercent },
    },
    seconds,
    canaryRequests,
  }
}

function servedIn(operations: readonly OperationTicks[]): { readonly stable: boolean; readonly canary: boolean } {
  const serves = (arm: 'stable' | 'canary'): boolean =>
    operations.some(({ ticks }) => ticks.some((tick) => tick[arm].requests > 0))
  return { stable: serves('stable'), canary: serves('canary') }
}

function countedIn(operations: readonly OperationTicks[]): { canaryRequests: number; lastMs: number | undefined } {
  let canaryRequests = 0
  let lastMs: number | undefined
  for (const { ticks } of operations)
    for (const { tick, canary } of ticks) {
      canaryRequests += canary.requests
      lastMs = Math.max(lastMs ?? 0, tick)
    }
  return { canaryRequests, lastMs }
}

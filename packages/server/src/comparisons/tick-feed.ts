import type { ClosedRow, NewClosings, Store } from '@coalmine/store'

/** The ticks of one service. */
export interface ServiceNews {
  /** The end of the last closed tick, in milliseconds since 1970; undefined if none is closed. */
  readonly untilMs: number | undefined
  /** Another number says that ticks were closed anew, or long after those that follow them: they have to be read again. */
  readonly epoch: number
  /** Spans that came after their tick had closed. */
  readonly late: number
  /**
   * Rows of the ticks that begin at or after a time. Those of the last two minutes are in memory, older ones are read again; undefined
   * if these would be too many.
   */
  readonly rowsFrom: (ms: number) => Promise<readonly ClosedRow[] | undefined>
}

/** Who follows a service, from when on, and the flag whose variants are compared; '' for none. */
export interface Follower {
  readonly service: string
  readonly sinceMs: number
  readonly flag: string
}

/** Reads each closed tick once, for all comparisons that run. */
export interface TickFeed {
  /** Follows a service, and gives what ends that. */
  readonly follow: (follower: Follower) => () => void
  /** What there is of a followed service in this round. */
  readonly newsOf: (service: string) => Promise<ServiceNews>
  /** Call this when ticks may have closed: the next reader gets them. */
  readonly nextRound: () => void
}

interface Followed {
  readonly followers: Set<Follower>
  sinceMs: number
  untilMs: number | undefined
  digest: string
  epoch: number
  late: number
  /** Rows of the ticks from `fromMs` on. */
  rows: readonly ClosedRow[]
  fromMs: number
}

const heldMs = 120_000
// Where many comparisons begin at once, the last of them looks minutes later. It still reads no more than what is new.
const mostReadMs = 1_200_000
// More than this come by an import.
const mostNewTicks = 60

/** A feed of the closed ticks of a store. */
export function newTickFeed({ ticks }: Pick<Store, 'ticks'>): TickFeed {
  const services = new Map<string, Followed>()
  let reading: Promise<void> | undefined

  const read = async (): Promise<void> => {
    const asked = [...services].map(([service, { sinceMs, untilMs }]) => ({
      service,
      sinceMs,
      untilMs: untilMs ?? farAwayMs,
    }))
    const fresh = (await ticks.closings(asked)).filter((found) => {
      const one = services.get(found.service)
      return one !== undefined && take(one, found)
    })
    if (fresh.length === 0) return
    const times = fresh.flatMap(({ ticksMs }) => ticksMs)
    const rows = await ticks.rows({
      services: fresh.map(({ service }) => service),
      flags: flagsOf(fresh.map(({ service }) => services.get(service)!)),
      fromMs: Math.min(...times),
      toMs: Math.max(...times) + tickMs,
    })
    for (const { service, ticksMs } of fresh) hold(services.get(service)!, rows.get(service) ?? [], ticksMs)
  }

  return {
    follow: (follower) => {
      const { service, sinceMs } = follower
      const known = services.get(service)
      const one = known ?? newFollowed(sinceMs)
      services.set(service, one)
      one.followers.add(follower)
      // What is known is not known from so early on.
      if (sinceMs < one.sinceMs)
        Object.assign(one, { ...newFollowed(sinceMs), followers: one.followers, epoch: one.epoch + 1 })
      if (one.untilMs === undefined) reading = undefined
      return () => {
        one.followers.delete(follower)
        if (one.followers.size === 0) services.delete(service)
      }
    },
    newsOf: async (service) => {
      reading ??= read()
      await reading.catch((error: unknown) => {
        reading = undefined
        throw error
      })
      const one = services.get(service)
      if (!one) throw new Error(`${service}: nobody follows it`)
      const { untilMs, epoch, late, rows, fromMs } = one
      return {
        untilMs,
        epoch,
        late,
        rowsFrom: async (ms) => {
          if (ms >= fromMs) return rows.filter(({ tick }) => tick * 1000 >= ms)
          if (untilMs === undefined || untilMs - ms > mostReadMs) return undefined
          const again = { services: [service], flags: flagsOf([one]), fromMs: ms, toMs: untilMs }
          return (await ticks.rows(again)).get(service) ?? []
        },
      }
    },
    nextRound: () => {
      reading = undefined
    },
  }
}

const tickMs = 5_000
// The last second that the store can name.
const farAwayMs = 0xffffffff * 1000

const newFollowed = (sinceMs: number): Followed => ({
  followers: new Set(),
  sinceMs,
  untilMs: undefined,
  digest: '',
  epoch: 0,
  late: 0,
  rows: [],
  fromMs: Number.POSITIVE_INFINITY,
})

function flagsOf(followed: readonly Followed[]): string[] {
  const flags = followed.flatMap(({ followers }) => [...followers].map(({ flag }) => flag))
  return [...new Set(flags)].filter((flag) => flag !== '')
}

/** Takes in which ticks are closed, and says whether rows of new ones are to be read. */
function take(one: Followed, { known, all, lastMs, ticksMs, late }: NewClosings): boolean {
  const isFirst = one.untilMs === undefined
  const isAsKnown = isFirst || known === one.digest
  one.digest = all
  one.late = late
  one.untilMs = lastMs + tickMs
  if (isFirst) one.fromMs = one.untilMs
  if (!isAsKnown || ticksMs.length > mostNewTicks) {
    one.epoch += 1
    one.rows = []
    one.fromMs = one.untilMs
    return false
  }
  return !isFirst && ticksMs.length > 0
}

function hold(one: Followed, rows: readonly ClosedRow[], ticksMs: readonly number[]): void {
  const fresh = new Set(ticksMs)
  one.rows = [...one.rows, ...rows.filter(({ tick }) => fresh.has(tick * 1000))]
  const oldest = one.untilMs! - heldMs
  if (one.fromMs >= oldest) return
  one.fromMs = oldest
  one.rows = one.rows.filter(({ tick }) => tick * 1000 >= oldest)
}

import type { ClosedRow, NewClosings, Store } from '@coalmine/store'

/** What is known of the ticks of one service. */
export interface ServiceNews {
  /** The end of the last closed tick, in milliseconds since 1970; undefined where none is closed. */
  readonly untilMs: number | undefined
  /** Another number says that ticks were closed anew, or long after those that follow them: they have to be read again. */
  readonly epoch: number
  /** Spans that came after their tick had closed. */
  readonly late: number
  /** Rows of the ticks that begin at a time or later; undefined where they are not at hand any more. */
  readonly rowsFrom: (ms: number) => readonly ClosedRow[] | undefined
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
  /** Ticks may have closed: whoever asks next is told of them. */
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

// Who has not looked for so long reads the store.
const heldMs = 120_000
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
    const flags = new Set(fresh.flatMap(({ service }) => [...services.get(service)!.followers].map(({ flag }) => flag)))
    const times = fresh.flatMap(({ ticksMs }) => ticksMs)
    const rows = await ticks.rows({
      services: fresh.map(({ service }) => service),
      flags: [...flags].filter((flag) => flag !== ''),
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
        rowsFrom: (ms) => (ms < fromMs ? undefined : rows.filter(({ tick }) => tick * 1000 >= ms)),
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

import type { SpanBatch } from '@coalmine/store'

/** Compares the clocks of those who send spans with the server's own. */
export interface Clocks {
  /** Spans came. Tells once of a service whose newest span is hours old, and once when that is over. */
  readonly came: (batch: Pick<SpanBatch, 'arrivals'>) => void
  /** Spans were refused since they are of the future: told at most once an hour. */
  readonly refused: (why: string) => void
}

const hourMs = 3_600_000
// Beyond this number, services share one entry.
const mostServices = 1_000

/** @param warn is told what whoever runs the server should know. */
export function newClocks(now: () => number, warn: (message: string) => void): Clocks {
  const behind = new Set<string>()
  let toldOfFutureMs = Number.NEGATIVE_INFINITY
  return {
    came: ({ arrivals }) => {
      for (const [service, ticks] of arrivals) {
        const newestMs = Math.max(...ticks.keys()) * 1000
        const isBehind = now() - newestMs > hourMs
        if (isBehind === behind.has(service)) continue
        if (!isBehind) {
          behind.delete(service)
          warn(`spans of ${JSON.stringify(service)} are current again`)
        } else if (behind.size < mostServices) {
          behind.add(service)
          warn(
            `the newest spans of ${JSON.stringify(service)} arrived ${hours(now() - newestMs)} after they ended, too late for verdicts: its clock or this server's is wrong, or a Collector is sending a backlog`,
          )
        }
      }
    },
    refused: (why) => {
      if (now() - toldOfFutureMs < hourMs) return
      toldOfFutureMs = now()
      warn(
        `spans from the future are refused (${why}); this server's clock says ${new Date(now()).toISOString()}: one of the clocks is wrong`,
      )
    },
  }
}

const hours = (ms: number): string => {
  const count = Math.floor(ms / hourMs)
  return `${count} ${count === 1 ? 'hour' : 'hours'}`
}

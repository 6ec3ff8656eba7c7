import type { Engine } from '../engine/engine.ts'
import { sinceOf, tickOf } from '../tick.ts'
import { closedSince, engineTime, unclosedTicks } from './closing.ts'
import { closedByOthers, discover, forgetBefore, type TickKey, type TickLedger } from './tick-ledger.ts'

/** Other processes that insert spans into a store and close its ticks: other servers, and the Collector. */
export interface OtherServers {
  /** Finds out which ticks they have closed, and which remain to be closed. */
  readonly meet: () => Promise<void>
}

interface Options {
  readonly engine: Engine
  readonly ledger: TickLedger
  readonly watermarkMs: number
  readonly now: () => number
}

// Only a back-fill closes older ticks; spans that a server receives for them are late.
const lookBackSeconds = 7_200
const lookBackEveryMs = 60_000
// Most ticks are found within this time of their watermark, without reading much.
const lookSeconds = 120
const lookEveryMs = 5_000
// Allows for clock differences and for replication delay.
const marginMs = 2_000
// A closing becomes visible when it is committed, at most this long after it began.
const closingMs = 60_000

/** Starts tracking other processes. */
export function meetOthers({ engine, ledger, watermarkMs, now }: Options): OtherServers {
  let lookedMs = Number.NEGATIVE_INFINITY
  let lookedBackMs = Number.NEGATIVE_INFINITY
  let seenMs = 0

  const find = async (): Promise<void> => {
    const nowMs = now()
    if (nowMs - lookedMs < lookEveryMs) return
    const far = nowMs - lookedBackMs >= lookBackEveryMs
    const to = tickOf(nowMs - watermarkMs)
    const from = Math.max(0, to - (far ? lookBackSeconds : lookSeconds))
    const found = await engine.readFirst<TickKey>(unclosedTicks, { service: '', since: sinceOf(from), from, to })
    for (const key of found) discover(ledger, key)
    lookedMs = nowMs
    if (far) {
      lookedBackMs = nowMs
      forgetBefore(ledger, from)
    }
  }

  const learn = async (): Promise<void> => {
    const started = performance.now()
    const [time] = await engine.readFirst<{ beganMs: number }>(engineTime)
    const clocksApart = time!.beganMs - started
    const rows = await engine.readFirst<{ service: string; tick: number; beganMs: number }>(closedSince, {
      from: ledger.closedBefore,
      sinceMs: Math.max(0, seenMs - closingMs),
    })
    for (const { service, tick, beganMs } of rows)
      closedByOthers(ledger, { service, tick }, beganMs - clocksApart - marginMs)
    seenMs = time!.beganMs
  }

  return {
    meet: async () => {
      await find()
      await learn()
    },
  }
}

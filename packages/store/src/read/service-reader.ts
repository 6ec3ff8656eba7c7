import type { Engine } from '../engine/engine.ts'
import { openTicks, secondsOpen, type TickLedger } from '../ingest/tick-ledger.ts'
import { lookBackSeconds } from '../schema/without-tables.ts'
import { tickSeconds } from '../tick.ts'
import type { Traces } from '../traces.ts'
import { type BuildShares, buildShares } from './builds-served.ts'
import { type DoctorFacts, doctorFacts } from './doctor.ts'
import { type BuildFailure, failuresSince } from './failures.ts'
import { type Known, known, openOf } from './known.ts'
import { type TestTraffic, testTrafficOf } from './test-traffic.ts'

/** What a store has seen, whoever is compared. */
export interface ServiceReader {
  /** Services, and the builds and flag variants of one. */
  readonly known: (service?: string) => Promise<Known>
  /** Which marks arrive from a service; undefined when nothing has. */
  readonly doctor: (service: string) => Promise<DoctorFacts | undefined>
  /** How the requests of a service were shared by its builds. */
  readonly builds: (service: string) => Promise<BuildShares>
  /** Builds that were judged FAIL since a moment, of one service or of all. */
  readonly failures: (sinceMs: number, service?: string) => Promise<readonly BuildFailure[]>
  /** What requests with a test mark did in the last hours. */
  readonly tests: (hours: number) => Promise<TestTraffic>
}

interface Options {
  /** The table that has the log records. */
  readonly logs: Traces
  /** Undefined where others close ticks too, so that what is open is looked for in the spans. */
  readonly ledger: TickLedger | undefined
  /** There are spans alone, no closed ticks. */
  readonly spansAlone: boolean
  readonly watermarkMs: number
  readonly now: () => number
}

// A server's table may have years: what others left open is looked for in its last hour.
const openSeconds = 3600

/** Reads what an engine has of services. */
export function serviceReader(engine: Engine, { logs, ledger, spansAlone, watermarkMs, now }: Options): ServiceReader {
  const lookBack = (seconds: number): number => (ledger ? 0 : Math.floor(now() / 1000) - seconds)
  const openIn = async (service: string): Promise<Known['open']> =>
    ledger ? openTicks(ledger, service) : openOf(engine, service, lookBack(openSeconds), now())
  return {
    known: async (service = '') => known(engine, service, await openIn(service), lookBack(lookBackSeconds)),
    builds: (service) => buildShares(engine, service),
    failures: async (sinceMs, service) => (spansAlone ? [] : failuresSince(engine, sinceMs, service)),
    tests: (hours) => testTrafficOf(engine, { hours, nowMs: now(), spansAlone }),
    doctor: (service) =>
      doctorFacts(engine, logs, { service, lookBackMs: lookBack(lookBackSeconds) * 1000 }, async () => {
        const { ticks, spans } = await openIn(service)
        if (ledger) return { ticks, spans, seconds: secondsOpen(ledger, service, now(), watermarkMs) }
        return { ticks, spans, seconds: ticks > 0 ? Math.ceil(watermarkMs / 1000) + tickSeconds : 0 }
      }),
  }
}

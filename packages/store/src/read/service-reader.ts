import type { Engine } from '../engine/engine.ts'
import { openTicks, secondsOpen, type TickLedger } from '../ingest/tick-ledger.ts'
import { lookBackSeconds } from '../schema/without-tables.ts'
import { tickSeconds } from '../tick.ts'
import type { Traces } from '../traces.ts'
import { type BuildShares, buildShares, newestBuilds, type ServicesSeen } from './builds-served.ts'
import { type DoctorFacts, doctorFacts } from './doctor.ts'
import { type BuildFailure, failuresSince } from './failures.ts'
import { type Known, known, openOf } from './known.ts'
import { type TestTraffic, testTrafficOf } from './test-traffic.ts'

/** Reads what a store has seen of services, independent of any comparison. */
export interface ServiceReader {
  /** All services, and the builds and flag variants of one. */
  readonly known: (service?: string) => Promise<Known>
  /** Which marks arrive from a service; undefined if nothing has arrived. */
  readonly doctor: (service: string) => Promise<DoctorFacts | undefined>
  /** A service's builds, and each build's share of its requests over time. */
  readonly builds: (service: string) => Promise<BuildShares>
  /** All services that have served users, each with its newest builds. */
  readonly newest: () => Promise<ServicesSeen>
  /** Builds judged FAIL since `sinceMs`, of one service or of all. */
  readonly failures: (sinceMs: number, service?: string) => Promise<readonly BuildFailure[]>
  /** Requests with a test mark in the last hours. */
  readonly tests: (hours: number) => Promise<TestTraffic>
}

interface Options {
  /** The table of log records. */
  readonly logs: Traces
  /** Undefined if other processes close ticks too; open ticks are then looked for in the spans. */
  readonly ledger: TickLedger | undefined
  /** Whether there are only spans, no closed ticks. */
  readonly spansAlone: boolean
  readonly watermarkMs: number
  readonly now: () => number
}

// A server's table may hold years: only its last hour is searched for open ticks.
const openSeconds = 3600

/** A reader of an engine's services. */
export function serviceReader(engine: Engine, { logs, ledger, spansAlone, watermarkMs, now }: Options): ServiceReader {
  const lookBack = (seconds: number): number => (ledger ? 0 : Math.floor(now() / 1000) - seconds)
  const openIn = async (service: string): Promise<Known['open']> =>
    ledger ? openTicks(ledger, service) : openOf(engine, service, lookBack(openSeconds), now())
  return {
    known: async (service = '') => known(engine, service, await openIn(service), lookBack(lookBackSeconds)),
    builds: (service) => buildShares(engine, service),
    newest: () => newestBuilds(engine),
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

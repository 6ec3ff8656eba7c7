import type { RunRevocation, RunState, TestRunAnswer, UsersEffect } from '@coalmine/comparator'
import type { RunEvent, TestRun } from '@coalmine/store'

/** A run of which nothing was seen for so long is over. */
export const idleMs = 120_000

/** For so long ticks may stay open where spans come late, as those of a service that is starved do. */
export const openMs = 900_000

// A run whose last request came so soon before its markers ended would have gone on.
const endedByExpiryMs = 60_000

/** A revocation, as stored. */
export interface KeptRevocation {
  readonly by: string
  readonly why: string
}

/** A run and its outcome. */
export interface Run {
  readonly seen: TestRun
  readonly state: RunState
  /** Null while it goes on; milliseconds since 1970, as the others. */
  readonly endMs: number | null
  readonly revokedMs: number | null
  readonly revocation: KeptRevocation | null
  /** What was found of it once nothing more could change that. */
  readonly judged: UsersEffect | null
}

/** What a state is told by: milliseconds since 1970. */
export interface Times {
  readonly nowMs: number
  /** The ends of the last closed ticks of services: what came later is not known. */
  readonly closed: ReadonlyMap<string, number>
}

/** The outcome of a run, from its spans and its stored events. */
export function runOf(seen: TestRun, events: readonly RunEvent[], times: Times): Run {
  // Its start is known to the tick, and a span that came late may be earlier.
  const own = events.filter(({ run, beganMs }) => run === seen.run && Math.abs(beganMs - seen.startMs) < sameMs)
  const revoked = own.find(({ kind }) => kind === 'revoked')
  const judged = own.findLast(({ kind }) => kind === 'judged')
  const { state, endMs } = stateOf(seen, revoked?.atMs ?? null, times)
  return {
    seen,
    state,
    endMs,
    revokedMs: revoked?.atMs ?? null,
    revocation: revoked ? (JSON.parse(revoked.told) as KeptRevocation) : null,
    judged: judged ? (JSON.parse(judged.told) as UsersEffect) : null,
  }
}

const sameMs = 20 * 60_000

function stateOf(
  { lastMs, expiresMs, operations }: TestRun,
  revokedMs: number | null,
  { nowMs, closed }: Times,
): { readonly state: RunState; readonly endMs: number | null } {
  if (revokedMs !== null) return { state: 'revoked', endMs: revokedMs }
  const isExpired = expiresMs !== null && nowMs >= expiresMs
  if (isExpired && lastMs >= expiresMs - endedByExpiryMs) return { state: 'expired', endMs: expiresMs }
  const knownUntil = Math.max(
    nowMs - openMs,
    Math.min(nowMs, ...operations.flatMap(({ service }) => closed.get(service) ?? [])),
  )
  if (isExpired || knownUntil - lastMs >= idleMs) return { state: 'finished', endMs: lastMs }
  return { state: 'running', endMs: null }
}

/** A run as the API tells of it. */
export function answerOf(run: Run, users: UsersEffect | null): TestRunAnswer {
  const { seen, state, endMs } = run
  const { writes, operations } = seen
  const sum = (some: typeof writes): number => some.reduce((total, one) => total + one.writes, 0)
  return {
    run: seen.run,
    state,
    startedAt: iso(seen.startMs),
    endedAt: endMs === null ? null : iso(endMs),
    owner: seen.owner === '' ? null : seen.owner,
    expiresAt: seen.expiresMs === null ? null : iso(seen.expiresMs),
    revoked: revocationOf(run),
    requests: seen.requests,
    errors: seen.errors,
    spans: seen.spans,
    entities: seen.entities,
    services: [...new Set(operations.map(({ service }) => service))].sort(),
    flags: seen.flags,
    operations,
    writes: {
      apart: sum(writes.filter(({ usersWrites }) => usersWrites === 0)),
      withUsers: sum(writes.filter(({ usersWrites }) => usersWrites > 0)),
      targets: writes,
    },
    users,
  }
}

function revocationOf({ revokedMs, revocation, seen }: Run): RunRevocation | null {
  if (revokedMs === null || revocation === null) return null
  return {
    at: iso(revokedMs),
    ...revocation,
    lastSeenAfterSeconds: seen.lastMs > revokedMs ? (seen.lastMs - revokedMs) / 1000 : null,
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

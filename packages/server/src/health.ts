import { type Ingest, StoreError } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import type { Context } from './context.ts'

/** Whether spans and log records are accepted: not while the disk is `full` or the engine is `failing`. */
type Health =
  | { readonly status: 'ok' }
  | { readonly status: 'full' | 'failing'; readonly why: string; readonly refuses: 'spans' | 'log records' }

// Without new data nothing can show that the engine works again, so a failure counts only this long.
const failingMs = 10_000

// Ticks left open by an earlier server are closed within this time.
const mostBehindSeconds = 60

// A disk at its limit crosses it every second, while the engine merges and cleans up.
const overAfterMs = 5_000

/**
 * `GET /healthz`: the status is 200 as long as the process runs, whatever the state of the store, since a restart would not help.
 * `GET /readyz`: 503 while spans are refused; a refusal of log records alone, which a user may lack the rights to write, does not count.
 * It also reports which limits requests hit in the last minute, and how often. Neither requires a token.
 */
export function registerHealth(app: FastifyInstance, { store, now, version, recentLimits }: Context): void {
  const answer = () => ({ ...healthOf(store.ingest, now()), version, pid: process.pid })
  app.get('/healthz', async () => answer())
  app.get('/readyz', async (_, reply) => {
    const health = answer()
    const takesSpans = health.status === 'ok' || health.refuses !== 'spans'
    return reply.code(takesSpans ? 200 : 503).send({ ...health, limited: recentLimits.counts() })
  })
}

/**
 * Closes due ticks and calls `closed` after that. Warns once when spans are refused or ticks stay open, and once when that has been
 * over for a while.
 */
export function newTicker({ store, warn, now }: Context, closed: () => void): () => Promise<void> {
  let refused: string | undefined
  let refusedAtMs = 0
  let stuck = false
  let behind = false
  const tellLag = (): void => {
    const { overdueSeconds } = store.ingest.state()
    if (overdueSeconds > mostBehindSeconds === behind) return
    behind = !behind
    warn(
      behind
        ? `verdicts are behind: the oldest open tick is ${Math.round(overdueSeconds)} s overdue; an import of current spans keeps it open, or the engine cannot keep up`
        : 'ticks close on time again',
    )
  }
  const tell = (): void => {
    const health = healthOf(store.ingest)
    if (health.status !== 'ok') {
      if (refused === undefined) warn(`${health.refuses} are refused: ${health.why}`)
      refused ??= health.refuses
      refusedAtMs = now()
    } else if (refused !== undefined && now() - refusedAtMs >= overAfterMs) {
      warn(`${refused} are accepted again`)
      refused = undefined
    }
  }
  return async () => {
    const trouble = await store.ingest.closeDue().then(
      (ticks) => {
        if (ticks > 0) closed()
        return undefined
      },
      (error: Error) => error,
    )
    tell()
    tellLag()
    // A full disk has its own warning.
    const sticks = trouble !== undefined && healthOf(store.ingest).status !== 'full' && !isFull(trouble)
    if (sticks === stuck) return
    stuck = sticks
    warn(sticks ? `ticks cannot be closed at the moment: ${trouble?.message}` : 'ticks close again')
  }
}

const isFull = (error: Error): boolean => error instanceof StoreError && error.kind === 'full'

function healthOf(ingest: Pick<Ingest, 'state'>, nowMs = 0): Health {
  const { space, failed, logs } = ingest.state()
  if (space && space.freeBytes < space.minFreeBytes) {
    const [free, needed] = [space.freeBytes, space.minFreeBytes].map((bytes) => `${Math.floor(bytes / 1_000_000)} MB`)
    return { status: 'full', why: `the disk has ${free} free, and ${needed} are needed`, refuses: 'spans' }
  }
  const fails = (failure: typeof failed): boolean => failure !== undefined && nowMs - failure.atMs < failingMs
  if (fails(failed)) return { status: 'failing', why: failed!.error.message, refuses: 'spans' }
  if (fails(logs.failed)) return { status: 'failing', why: logs.failed!.error.message, refuses: 'log records' }
  return { status: 'ok' }
}

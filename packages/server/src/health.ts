import { type Ingest, StoreError } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import type { Context } from './context.ts'

/** Whether spans and log records are taken: not while the disk is `full`, nor while the engine is `failing`. */
type Health =
  | { readonly status: 'ok' }
  | { readonly status: 'full' | 'failing'; readonly why: string; readonly refuses: 'spans' | 'log records' }

// Where nothing is sent any more, nothing can show that the engine works again.
const failingMs = 10_000

// Ticks that were found open are closed by then.
const mostBehindSeconds = 60

// A disk at its limit goes over it and back each second, while the engine merges and tidies up.
const overAfterMs = 5_000

/**
 * `GET /healthz`: the process runs, which a restart cannot better, so its status is 200 whatever the store is like.
 * `GET /readyz`: 503 while spans are refused; log records alone, where a user may not write them, do not stop the rest.
 * It also says which limits requests met in the last minute, and how often. Neither asks for the token.
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

/** Closes ticks that are due and tells `closed` of it, and warns once when spans are refused or ticks stay open, and once when that has been over for a while. */
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
    // A full disk is told of as such.
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

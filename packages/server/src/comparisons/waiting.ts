import type { FastifyReply } from 'fastify'
import { ServerError } from '../errors.ts'

const longestWaitMs = 60_000
const units = { ms: 1, s: 1_000, m: 60_000 } as const

/** Holds an answer back for a while. */
export interface Waiting {
  /** Aborted when the time is up, or nobody waits for the answer any more. */
  readonly signal: AbortSignal
  readonly release: () => void
}

/** Waits for `waitMs`, unless the client disconnects earlier. */
export function waiting(waitMs: number, reply: FastifyReply): Waiting {
  const over = new AbortController()
  const end = (): void => over.abort()
  const timer = setTimeout(end, waitMs)
  reply.raw.on('close', end)
  if (waitMs === 0) end()
  return {
    signal: over.signal,
    release: () => {
      clearTimeout(timer)
      reply.raw.off('close', end)
    },
  }
}

/**
 * Parses a time such as `20s`, as on the command line; at most a minute, which proxies allow. Throws a ServerError of kind `usage`.
 *
 * @example waitOf('20s') // 20_000
 */
export function waitOf(wait: unknown = '0s'): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(String(wait))
  const ms = match ? Number(match[1]) * units[match[2] as keyof typeof units] : Number.NaN
  if (ms <= longestWaitMs) return ms
  throw new ServerError('usage', `wait: expected a time such as 20s, of 60s at most, got ${JSON.stringify(wait)}`)
}

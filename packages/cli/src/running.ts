import { setTimeout as sleep } from 'node:timers/promises'
import type { ComparisonBody, Progress, Verdict } from '@coalmine/comparator'
import { ask, type Server } from './client.ts'
import { isVerdict } from './comparison.ts'
import { eventsOf } from './event-stream.ts'
import { CommandError } from './exit-codes.ts'

/** When a comparison is over; times are milliseconds. */
export interface RunLimits {
  readonly forMs: number
  readonly waitMs: number
  readonly idleMs: number
  readonly earlyPass: boolean
  readonly labels?: Readonly<Record<string, string>>
}

/** What a look said. */
export interface Look {
  readonly outcome: string | null
  readonly reason: string | null
  readonly progress: Progress | null
}

const betweenTriesMs = 1_000
const mostTries = 10

/** Starts a comparison in the server, or joins the one that runs, and gives its id. */
export async function startComparison(
  server: Server,
  body: ComparisonBody & RunLimits,
  signal: AbortSignal,
): Promise<string> {
  const { id } = await ask(server, '/api/comparisons', hasId, { body, signal })
  return id
}

/**
 * Shows each look at a comparison until it is over, or the user leaves, and gives its last verdict. Where the connection
 * breaks it is made again, and goes on after the last event that came.
 */
export async function followComparison(
  server: Server,
  id: string,
  stop: AbortSignal,
  show: (look: Look) => void,
): Promise<Verdict> {
  const path = `/api/comparisons/${id}`
  let after = '0'
  for (let tries = 0; !stop.aborted; ) {
    try {
      for await (const { id: number, event, data } of eventsOf(server, `${path}/events`, after, stop)) {
        after = number
        tries = 0
        if (event === 'ended') return await endedWith(server, path, data as Look & { readonly why: string })
        if (event !== 'started') show(data as Look)
      }
    } catch (error) {
      if (error instanceof CommandError) throw error
      if (!stop.aborted && ++tries >= mostTries) break
    }
    await sleep(betweenTriesMs, undefined, { signal: stop }).catch(() => undefined)
  }
  return lastVerdict(server, path)
}

/** Ends a comparison. */
export async function stopComparison(server: Server, id: string): Promise<void> {
  await ask(server, `/api/comparisons/${id}/stop`, hasId, { body: {} })
}

async function endedWith(server: Server, path: string, { why, reason }: Look & { why: string }): Promise<Verdict> {
  if (why === 'refused') throw new CommandError('usage', reason ?? 'the server does not judge it')
  return lastVerdict(server, path)
}

async function lastVerdict(server: Server, path: string): Promise<Verdict> {
  const { verdict, reason } = await ask(server, path, hasVerdict)
  if (verdict && isVerdict(verdict)) return verdict
  throw new CommandError('interrupted', reason ?? 'stopped before there was a look')
}

const hasId = (answer: object): answer is { id: string } => 'id' in answer && typeof answer.id === 'string'

const hasVerdict = (answer: object): answer is { verdict: object | null; reason: string | null } => 'verdict' in answer

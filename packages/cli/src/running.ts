import { follow, newClient } from '@coalmine/client'
import type { ComparisonAnswer, Look, StartBody, Verdict } from '@coalmine/comparator'
import { commandError, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/** Starts a comparison in the server, or joins the one that runs. */
export async function startComparison(server: Server, body: StartBody, signal: AbortSignal): Promise<ComparisonAnswer> {
  return newClient(server).start(body, { signal }).catch(fail)
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
  try {
    for await (const told of follow(server, id, { signal: stop })) {
      if (told.event === 'ended' && told.why === 'refused')
        throw new CommandError('usage', told.reason ?? 'the server does not judge it')
      if (told.event === 'look' || told.event === 'outcome') show(told)
    }
  } catch (error) {
    if (!stop.aborted) throw commandError(error)
  }
  const { verdict, reason } = await newClient(server).get(id).catch(fail)
  if (verdict) return verdict
  throw new CommandError('interrupted', reason ?? 'stopped before there was a look')
}

/** Ends a comparison. */
export async function stopComparison(server: Server, id: string): Promise<void> {
  await newClient(server).stop(id).catch(fail)
}

const fail = (error: unknown): never => {
  throw commandError(error)
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerError } from './errors.ts'

/** Runs a few pieces of work at once, and the others in the order of their arrival. */
export interface Turns {
  /** Runs work when its turn comes, unless the client is gone by then. */
  readonly take: <T>(isGone: () => boolean, work: () => Promise<T>) => Promise<T>
  readonly waiting: () => number
}

/**
 * Judging reads and computes a lot on the thread that also receives spans: more at once would not be
 * answered sooner, but would hold everything else up.
 */
export function newTurns(atOnce: number): Turns {
  let running = 0
  const queue: (() => void)[] = []

  const begin = async (): Promise<void> => {
    if (running < atOnce) running++
    else await new Promise<void>((resolve) => queue.push(resolve))
  }

  const end = (): void => {
    const next = queue.shift()
    if (next) next()
    else running--
  }

  return {
    take: async (isGone, work) => {
      await begin()
      try {
        if (isGone()) throw new ServerError('unavailable', 'the client is gone')
        return await work()
      } finally {
        end()
      }
    },
    waiting: () => queue.length,
  }
}

/** Wraps a route's handler so that it waits for its turn. */
export function inTurn<T>(
  turns: Turns,
  answer: (request: FastifyRequest) => Promise<T>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<T> {
  return (request, reply) =>
    turns.take(
      () => reply.raw.destroyed,
      () => answer(request),
    )
}

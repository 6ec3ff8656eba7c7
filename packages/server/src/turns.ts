import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerError } from './errors.ts'

/** Lets some questions be answered at once, and the others in the order in which they came. */
export interface Turns {
  /** Runs work when it is its turn, unless whoever asked is gone by then. */
  readonly take: <T>(isGone: () => boolean, work: () => Promise<T>) => Promise<T>
  readonly waiting: () => number
}

/**
 * Questions that judge read much and reckon much, on the thread that takes spans too: more of them at once would not be
 * answered sooner, but hold everything else up.
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

/** A route's handler that waits for its turn. */
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

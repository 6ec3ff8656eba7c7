import type { FlagsAnswer, FlagsInput } from '@coalmine/comparator'
import { ask, type Server } from './client.ts'

/** Which flags are asked for, and what is declared of them. */
export interface FlagsAsked {
  readonly flags?: FlagsInput
  readonly service?: string
  readonly flag?: string
}

/** What became of flags, by what a file declares of them, or where it declares nothing by what the server's does. */
export async function flagsOn(server: Server, asked: FlagsAsked, signal: AbortSignal): Promise<FlagsAnswer> {
  if (asked.flags !== undefined) return ask(server, '/api/flags', isFlags, { body: asked, signal })
  const { service, flag } = asked
  const query = new URLSearchParams({ ...(service && { service }), ...(flag && { flag }) })
  return ask(server, `/api/flags?${query}`, isFlags, { signal })
}

const isFlags = (answer: object): answer is FlagsAnswer => 'flags' in answer && Array.isArray(answer.flags)

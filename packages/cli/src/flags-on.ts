import type { FlagsAnswer, FlagsInput } from '@coalmine/comparator'
import { ask, type Server } from './client.ts'

/** Which flags to ask for, and their declarations. */
export interface FlagsAsked {
  readonly flags?: FlagsInput
  readonly service?: string
  readonly flag?: string
}

/** Returns the states of flags by the file's declarations, or by the server's if the file has none. */
export async function flagsOn(server: Server, asked: FlagsAsked, signal: AbortSignal): Promise<FlagsAnswer> {
  if (asked.flags !== undefined) return ask(server, '/api/flags', isFlags, { body: asked, signal })
  const { service, flag } = asked
  const query = new URLSearchParams({ ...(service && { service }), ...(flag && { flag }) })
  return ask(server, `/api/flags?${query}`, isFlags, { signal })
}

const isFlags = (answer: object): answer is FlagsAnswer => 'flags' in answer && Array.isArray(answer.flags)

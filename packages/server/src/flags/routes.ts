import { type FlagRules, type FlagsAnswer, type FlagsInput, problemsText, readFlags } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'
import { refuseUnknown } from '../unknown-keys.ts'
import type { FlagVerdicts } from './flag-verdicts.ts'
import { flagsAnswer } from './flags-answer.ts'

/** The body of `POST /api/flags`: declarations of flags, as under `flags:` in coalmine.yaml. */
export interface FlagsBody {
  readonly flags?: FlagsInput
  readonly service?: string
  /** Only this flag. */
  readonly flag?: string
}

/**
 * `GET /api/flags?service=&flag=`: for each flag what users met, by what the server's file declares of flags. `POST /api/flags`: by
 * what the body declares.
 */
export function registerFlags(app: FastifyInstance, context: Context, flagVerdicts: Pick<FlagVerdicts, 'of'>): void {
  const { turns, flagRules } = context
  app.get(
    '/api/flags',
    inTurn(turns, async ({ query }): Promise<FlagsAnswer> => {
      const { service, flag } = Object(query) as Record<string, unknown>
      return flagsAnswer({ ...context, flagVerdicts }, flagRules, {
        service: name(service, 'service'),
        flag: name(flag, 'flag'),
      })
    }),
  )
  app.post(
    '/api/flags',
    // It changes nothing.
    { config: { right: 'read' } },
    inTurn(turns, async ({ body }): Promise<FlagsAnswer> => {
      const { flags, service, flag, ...unknown } = Object(body) as Record<string, unknown>
      refuseUnknown(unknown, ['flags', 'service', 'flag'])
      return flagsAnswer({ ...context, flagVerdicts }, rulesIn(flags), {
        service: name(service, 'service'),
        flag: name(flag, 'flag'),
      })
    }),
  )
}

function rulesIn(input: unknown): FlagRules {
  const read = readFlags(input)
  if (read.kind === 'flags') return read.rules
  throw new ServerError('usage', problemsText(read.problems))
}

function name(value: unknown, key: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw new ServerError('usage', `${key}: expected one, or leave it out for all`)
}

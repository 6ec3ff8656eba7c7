import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome, TestRunAnswer, UsersOutcome } from '@coalmine/comparator'
import { printableJson, runLine, runText } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { ask, type Server } from '../client.ts'
import { CommandError } from '../exit-codes.ts'
import type { SpanSource } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { rolloutServer } from '../rollout-server.ts'
import { isRun, revokeOption, revokeRun } from '../test-runs.ts'

interface WatchOptions extends SpanSource {
  readonly stopOn?: 'hurts-users'
  readonly revoke?: string
  readonly format: 'text' | 'json'
}

const everyMs = 1_000

const outcomeOf: Readonly<Record<UsersOutcome, Outcome>> = {
  hurt: 'fail',
  unharmed: 'pass',
  inconclusive: 'inconclusive',
}

/** `coalmine runs watch`: watches what a run does to users, and stops it if it hurts them. */
export function runsWatchCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  return addServerOptions(
    command
      .description(
        'watch what a test run does to users while it lasts; --stop-on revokes it once it is proved to hurt them',
      )
      .argument('<run>', 'the run, such as load-7; it need not have started yet')
      .addOption(
        new Option('--stop-on <what>', 'revoke it when it hurts users')
          .choices(['hurts-users'])
          .env('COALMINE_STOP_ON'),
      )
      .addOption(revokeOption()),
  )
    .addHelpText(
      'after',
      `
Ends when the run does. Exit codes:
  0   users were not hurt, within the margins
  1   users were hurt, whether or not the run was revoked for it
  2   not known; the report says what is missing`,
    )
    .action(async (run: string, { format, ...options }: WatchOptions) => {
      if (options.revoke !== undefined && options.stopOn === undefined)
        throw new CommandError('usage', '--revoke says where, and nothing says when: add --stop-on hurts-users')
      const one = await watch(run, options, io)
      const text =
        format === 'json' ? `${printableJson(one)}\n` : runText(one, { colors: io.colors, nowMs: Date.now() })
      io.stdout.write(text)
      exit(one.users === null ? 'inconclusive' : outcomeOf[one.users.outcome])
    })
}

/** Follows a run until it is over, the user stops watching, or it is revoked for harming users. */
async function watch(
  run: string,
  { stopOn, revoke: file, ...source }: Omit<WatchOptions, 'format'>,
  io: Io,
): Promise<TestRunAnswer> {
  const server = await serverOf(source)
  const began = Date.now()
  let told = ''
  for (;;) {
    const one = await lookAt(server, run, began)
    const line = one ? runLine(one, Date.now()) : `${run}  nothing of it has been seen yet`
    if (line !== told) tell(io, line)
    told = line
    if (one && one.state !== 'running') return one
    if (one?.users?.outcome === 'hurt') {
      if (stopOn === undefined) return one
      const why = `it hurts users: ${one.users.message}`
      return (await revokeRun(server, run, { file, by: 'coalmine runs watch', why })) ?? one
    }
    await sleep(everyMs, undefined, { signal: io.stop }).catch(() => {
      throw new CommandError('interrupted', `stopped while ${run} went on: nothing watches it now`)
    })
  }
}

/** Returns the run, unless it is an earlier one with the same name. */
async function lookAt(server: Server, run: string, began: number): Promise<TestRunAnswer | undefined> {
  const found = await ask(server, `/api/runs/${encodeURIComponent(run)}`, isRun).catch((error: unknown) => {
    if (error instanceof CommandError && error.kind === 'no-data') return undefined
    throw error
  })
  const isOld = found?.endedAt != null && Date.parse(found.endedAt) < began - justOverMs
  return isOld ? undefined : found
}

// A watch that starts slightly late still reports the run that has just ended.
const justOverMs = 600_000

async function serverOf(source: SpanSource): Promise<Server> {
  return rolloutServer(source).catch((error: unknown) => {
    if (!(error instanceof CommandError) || error.kind !== 'unavailable') throw error
    throw new CommandError(
      'unavailable',
      `no server runs on ${source.store}, so nothing new comes into it: start coalmine serve, or name one with --server`,
    )
  })
}

import type { Outcome, RolloutAnswer } from '@coalmine/comparator'
import { printableJson, rolloutHistoryText, rolloutText } from '@coalmine/report'
import type { Command } from 'commander'
import type { Server } from '../client.ts'
import { type SpanSource, withServer } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { historyOf, meantRollout, rolloutOf, rolloutServer, tellRollout } from '../rollout-server.ts'
import { rolloutStartCommand } from './rollout-start.ts'

interface Asked extends SpanSource {
  readonly format: 'text' | 'json'
  readonly force?: boolean
}

const commands = {
  pause: 'stay at this stage; a FAIL still takes the canary back',
  resume: 'go on; a stage that is past its deadline gets its full time again',
  advance: 'go on to the next stage, whatever the verdict',
  approve: 'let it go on to the next stage once its gate is open',
  abort: 'take the canary back',
} as const

/** `coalmine rollout`: gives a new build to more and more users, and takes it back when it is worse. */
export function rolloutCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  command.addHelpText(
    'after',
    "\nThe stages, and what moves the canary, are in the rollout: section of the server's coalmine.yaml.",
  )
  rolloutStartCommand(command.command('start'), io, exit)
  looking(command.command('status').description('show where a rollout is, and what it waits for')).action(
    async (id: string | undefined, { format, ...source }: Asked) => {
      const one = await reading(source, io, async (server) => {
        const found = await rolloutOf(server, await meantRollout(server, id))
        if (!server.own) return found
        if (found.endedAt === null) tell(io, 'no server runs on the store: coalmine serve goes on with it')
        // No links, because this server is closed when the command is done.
        return { ...found, url: '', comparisonUrl: null }
      })
      write(one, format, io)
    },
  )
  for (const [name, about] of Object.entries(commands)) {
    const said = looking(command.command(name).description(about))
    if (name === 'abort') said.option('--force', 'also onto a stable that is below its health floor')
    said.action(async (id: string | undefined, { format, force = false, ...source }: Asked) => {
      const server = await rolloutServer(source)
      write(await tellRollout(server, await meantRollout(server, id), name, force), format, io)
    })
  }
  looking(command.command('history').description('show what happened to a rollout, and who said so')).action(
    async (id: string | undefined, { format, ...source }: Asked) => {
      const history = await reading(source, io, async (server) => historyOf(server, await meantRollout(server, id)))
      io.stdout.write(
        format === 'json' ? `${printableJson(history)}\n` : rolloutHistoryText(history, { colors: io.colors }),
      )
    },
  )
  return command
}

function looking(command: Command): Command {
  return addServerOptions(command.argument('[id]', 'the rollout (default: the one that runs, else the newest)'))
}

/** Works without a running server too, because rollouts are stored. */
const reading = <T>(source: SpanSource, io: Io, work: (server: Server) => Promise<T>): Promise<T> =>
  withServer({ ...source, knowsComparisons: true }, 'read', io, work)

function write(one: RolloutAnswer, format: 'text' | 'json', io: Io): void {
  io.stdout.write(
    format === 'json' ? `${printableJson(one)}\n` : rolloutText(one, { colors: io.colors, nowMs: Date.now() }),
  )
}

import type { Outcome, RolloutAnswer, RolloutBody } from '@coalmine/comparator'
import { printableJson, rolloutLine, rolloutText } from '@coalmine/report'
import { type Command, Option } from 'commander'
import type { Server } from '../client.ts'
import { defaultConfig, readConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import type { SpanSource } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { addServerOptions, port } from '../options.ts'
import { progressTo } from '../progress.ts'
import { followRollout, rolloutServer, startRollout } from '../rollout-server.ts'

interface StartOptions extends SpanSource, RolloutBody {
  readonly format: 'text' | 'json'
  readonly wait?: boolean
  readonly here?: boolean
  readonly config?: string
  readonly port: number
}

/** `coalmine rollout start`: starts a rollout in the server, or in this process. */
export function rolloutStartCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  return addServerOptions(
    command
      .description(
        'start the rollout of a build, or join it if it is running; it replaces that of another build of the service',
      )
      .addOption(new Option('--service <name>', 'the service (default: that of coalmine.yaml)').env('COALMINE_SERVICE'))
      .addOption(
        new Option('--stable <selector>', 'the stable cohort, such as service.version=1.9.0').env('COALMINE_STABLE'),
      )
      .addOption(
        new Option('--canary <selector>', 'the canary cohort, such as service.version=2.0.0').env('COALMINE_CANARY'),
      )
      .option('--wait', 'wait until it is over')
      .option('--here', 'run it in this process, without a server; it receives spans as coalmine serve does')
      .addOption(
        new Option(
          '--config <file>',
          `with --here: the file with the stages and what moves the canary (default: ${defaultConfig})`,
        ).env('COALMINE_CONFIG'),
      )
      .addOption(
        new Option('--port <port>', 'with --here: the port for OTLP/HTTP, the page and the API; 0 takes any free one')
          .argParser(port)
          .default(4318)
          .env('COALMINE_PORT'),
      ),
  )
    .addHelpText(
      'after',
      `
With --wait or --here, exit codes:
  0   everybody has the build
  1   the canary was taken back, or cannot be: with --wait, after trying for two minutes
  2   a newer build took its place
To resume a rollout that ran with --here, run the same command again.`,
    )
    .action(async (options: StartOptions) => {
      const over = await (options.here ? here(options, io) : there(options, io))
      if (!over) return
      exit(outcomeOf(over))
    })
}

/** Runs the rollout in the running server. Returns how it ended, if asked to wait. */
async function there(options: StartOptions, io: Io): Promise<RolloutAnswer | undefined> {
  const one = await startRollout(await rolloutServer(options), bodyOf(options), io.stop)
  if (!options.wait) {
    write(one, options, io)
    return undefined
  }
  return waited(() => rolloutServer(options), one, options, io)
}

/** Runs the rollout in a server in this process. */
async function here(options: StartOptions, io: Io): Promise<RolloutAnswer> {
  if (options.server !== undefined)
    throw new CommandError('usage', '--here cannot be used with --server: give one of them')
  const { config, store, token } = options
  const { notify } = await readConfig(config)
  const { startServer } = await import('@coalmine/server')
  const server = await startServer({
    store,
    port: options.port,
    warn: (message) => tell(io, message),
    rollout: { config: () => readConfig(config), environment: io.env },
    ...(token === undefined ? {} : { token }),
    ...(notify && { notify: { config: notify, environment: io.env } }),
  })
  tell(io, `takes spans at ${server.url}/v1/traces`)
  const own: Server = { url: server.url, token }
  try {
    return await waited(async () => own, await startRollout(own, bodyOf(options), io.stop), options, io)
  } finally {
    await server.close()
  }
}

// A waiting pipeline ends once the rollout has been stuck for this long, so that somebody takes a look.
const stuckForMs = 120_000

async function waited(
  find: () => Promise<Server>,
  { id, url }: RolloutAnswer,
  options: StartOptions,
  io: Io,
): Promise<RolloutAnswer> {
  tell(io, `rollout ${id}: ${url}`)
  const progress = progressTo(io.stderr)
  let last = ''
  const show = (one: RolloutAnswer): void => {
    if (io.stderr.isTTY) progress.show(rolloutLine(one))
    // Logs get a line only when something has changed.
    const { phase, stage, outcome, isPaused, needsApproval } = one
    const now = JSON.stringify([phase, stage, outcome, isPaused, needsApproval])
    if (!io.stderr.isTTY && now !== last) tell(io, rolloutLine(one))
    last = now
  }
  // With --here, this process keeps trying to roll back.
  const over = await followRollout(find, id, io.stop, { show, stuckForMs: options.here ? undefined : stuckForMs })
  progress.clear()
  if (!over) {
    const how = options.here
      ? 'the same command goes on with it'
      : 'it goes on in the server: the same command joins it again'
    throw new CommandError('interrupted', `rollout ${id} was left where it is: ${how}`)
  }
  write(over, options, io)
  return over
}

const bodyOf = ({ service, stable, canary }: StartOptions): RolloutBody => ({
  ...(service !== undefined && { service }),
  ...(stable !== undefined && { stable }),
  ...(canary !== undefined && { canary }),
})

const outcomeOf = ({ phase }: RolloutAnswer): Outcome =>
  phase === 'completed' ? 'pass' : phase === 'superseded' ? 'inconclusive' : 'fail'

function write(one: RolloutAnswer, { format }: StartOptions, io: Io): void {
  io.stdout.write(
    format === 'json' ? `${printableJson(one)}\n` : rolloutText(one, { colors: io.colors, nowMs: Date.now() }),
  )
}

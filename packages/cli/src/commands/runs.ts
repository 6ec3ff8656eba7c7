import type { Outcome, RunsAnswer } from '@coalmine/comparator'
import { printableJson, runsText, runText } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions, days } from '../options.ts'
import { isRun } from '../test-runs.ts'
import { runsRevokeCommand } from './runs-revoke.ts'
import { runsWatchCommand } from './runs-watch.ts'

interface RunsOptions extends SpanSource {
  readonly service?: string
  readonly since: number
  readonly format: 'text' | 'json'
}

/** `coalmine runs`: shows what test runs in production did, including to users. */
export function runsCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  addServerOptions(
    command
      .argument('[run]', 'one run, in detail')
      .addOption(new Option('--service <name>', 'only runs that touched this service').env('COALMINE_SERVICE'))
      .addOption(new Option('--since <days>', 'how far back to look, such as 30d').argParser(days).default(7, '7d')),
  )
    .addHelpText(
      'after',
      `
A run is all requests that "coalmine sign --run NAME" marked. After half an hour of silence, the same name is a new run.

Examples:
  coalmine runs --since 30d
  coalmine runs load-7
  coalmine runs watch load-7 --stop-on hurts-users --revoke /etc/shop/revoked-runs`,
    )
    .action(async (run: string | undefined, { service, since, format, ...source }: RunsOptions) => {
      const text = await withServer(source, 'read', io, async (server) => {
        if (run !== undefined) {
          const one = await ask(server, `/api/runs/${encodeURIComponent(run)}`, isRun, { signal: io.stop })
          return format === 'json' ? `${printableJson(one)}\n` : runText(one, { colors: io.colors, nowMs: Date.now() })
        }
        const query = new URLSearchParams({ since: new Date(Date.now() - since * 86_400_000).toISOString() })
        const answer = await ask(server, `/api/runs?${query}`, isRuns, { signal: io.stop })
        const runs = answer.runs.filter(({ services }) => service === undefined || services.includes(service))
        if (service !== undefined && runs.length === 0 && answer.runs.length > 0)
          throw new CommandError('no-data', noneOf(service, answer))
        const shown = { ...answer, runs }
        return format === 'json' ? `${printableJson(shown)}\n` : runsText(shown, { colors: io.colors })
      })
      io.stdout.write(text)
    })
  runsWatchCommand(command.command('watch'), io, exit)
  runsRevokeCommand(command.command('revoke'), io)
  return command
}

function noneOf(service: string, { runs }: RunsAnswer): string {
  const touched = [...new Set(runs.flatMap(({ services }) => services))].sort()
  return `--service ${service}: no run touched it; they touched ${touched.join(', ')}`
}

const isRuns = (answer: object): answer is RunsAnswer => 'runs' in answer && Array.isArray(answer.runs)

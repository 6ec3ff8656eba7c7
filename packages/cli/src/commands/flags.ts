import type { Outcome } from '@coalmine/comparator'
import { flagsText, printableJson } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { readConfig } from '../config-file.ts'
import { flagsOn } from '../flags-on.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { flagsCheckCommand } from './flags-check.ts'

interface FlagsOptions extends SpanSource {
  readonly service?: string
  readonly flag?: string
  readonly config?: string
  readonly format: 'text' | 'json'
}

/** `coalmine flags`: shows which flags users still meet, and which can go. */
export function flagsCommand(command: Command, io: Io, exit: (result: Outcome) => void): Command {
  // Options after `check` belong to `check`.
  command.enablePositionalOptions()
  flagsCheckCommand(command.command('check'), io, exit)
  return addServerOptions(
    command
      .addOption(new Option('--service <name>', 'only this service').env('COALMINE_SERVICE'))
      .addOption(new Option('--flag <key>', 'only this flag'))
      .addOption(
        new Option(
          '--config <file>',
          "the file whose flags: section declares owners and limits (default: coalmine.yaml, else the server's file)",
        ).env('COALMINE_CONFIG'),
      ),
    { traces: true },
  )
    .addHelpText(
      'after',
      `
States, each by what users' requests met in a service and an environment:
  unseen     not evaluated for 30 days: no build asks for it, or nothing serves
  settled    one variant alone for 14 days, and not changed
  stuck      the same partial shares for 30 days, and not changed
  mixed      several variants are served
  new        first evaluated within 14 days
  permanent  declared to stay
Days and owners: flags: in coalmine.yaml. Before code is removed: coalmine flags check KEY`,
    )
    .action(async ({ service, flag, config, format, ...source }: FlagsOptions) => {
      const { flags } = await readConfig(config)
      const answer = await withServer(source, 'read', io, (server) =>
        flagsOn(server, { ...(flags && { flags }), ...(service && { service }), ...(flag && { flag }) }, io.stop),
      )
      io.stdout.write(format === 'json' ? `${printableJson(answer)}\n` : flagsText(answer, { colors: io.colors }))
    })
}

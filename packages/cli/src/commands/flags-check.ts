import type { FlagsAnswer, Outcome } from '@coalmine/comparator'
import { flagRemoval } from '@coalmine/comparator/answers'
import { flagRemovalText, printableJson } from '@coalmine/report'
import { Argument, type Command, Option } from 'commander'
import type { Server } from '../client.ts'
import { readConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import { flagReferences } from '../flag-references.ts'
import { type FlagsAsked, flagsOn } from '../flags-on.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions, days } from '../options.ts'

interface CheckOptions extends SpanSource {
  readonly service?: string
  readonly environment?: string
  readonly keep?: string
  readonly within: number
  readonly code?: string
  readonly config?: string
  readonly format: 'text' | 'json'
}

/** `coalmine flags check KEY`: checks in a pipeline whether a flag, or the code behind it, can be removed. */
export function flagsCheckCommand(command: Command, io: Io, exit: (result: Outcome) => void): Command {
  return addServerOptions(
    command
      .description('check whether the code behind a flag can be removed; exit code 1 if not, with the reasons')
      .addArgument(new Argument('<key>', 'the flag'))
      .addOption(new Option('--keep <variant>', 'the variant whose code stays (default: none, the whole flag goes)'))
      .addOption(new Option('--code <dir>', 'also fail if a file of this checkout names the flag'))
      .addOption(
        new Option('--within <days>', 'fail if anybody got another variant within this many days')
          .argParser(days)
          .default(14, '14d'),
      )
      .addOption(new Option('--service <name>', 'only this service').env('COALMINE_SERVICE'))
      .addOption(
        new Option('--environment <name>', 'only this environment, such as production').env('COALMINE_ENVIRONMENT'),
      )
      .addOption(
        new Option('--config <file>', 'the file whose flags: section declares flags (default: coalmine.yaml)').env(
          'COALMINE_CONFIG',
        ),
      ),
    { traces: true },
  )
    .addHelpText(
      'after',
      `
Examples:
  coalmine flags check new-pricing --keep on --code .   in the pull request that removes the code
  coalmine flags check new-pricing                      before the flag itself is deleted`,
    )
    .action(async (key: string, options: CheckOptions) => {
      const { service, environment, keep, within, code, config, format, ...source } = options
      const { flags } = await readConfig(config)
      const references = code === undefined ? undefined : await flagReferences(code, key)
      const asked = { ...(flags && { flags }), ...(service && { service }) }
      const { all, others } = await withServer(source, 'read', io, (server) => flagAnswer(server, asked, key, io.stop))
      const answer = { ...all, flags: all.flags.filter((one) => isIn(one.environment, environment)) }
      const removal = flagRemoval({
        answer,
        flag: key,
        withinDays: within,
        references,
        others,
        ...(keep !== undefined && { keep }),
      })
      io.stdout.write(
        format === 'json' ? `${printableJson(removal)}\n` : flagRemovalText(removal, { colors: io.colors }),
      )
      exit(removal.verdict)
    })
}

const isIn = (there: string, wanted: string | undefined): boolean =>
  wanted === undefined || there === '' || there === wanted

/**
 * Returns the server's answer about the flag. Throws a CommandError of kind `no-data` if there is no traffic at all, and of
 * kind `usage` if the key was never met but resembles one that was: a mistyped key must not look like a removed flag.
 */
async function flagAnswer(
  server: Server,
  asked: FlagsAsked,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly all: FlagsAnswer; readonly others: readonly string[] }> {
  const all = await flagsOn(server, { ...asked, flag: key }, signal)
  if (all.flags.some(({ lastSeen }) => lastSeen !== null)) return { all, others: [] }
  if (all.flags.every(({ knownSince }) => knownSince === null))
    throw new CommandError('no-data', `${key}: no traffic is known yet, so nobody can tell who is behind it`)
  const known = (await flagsOn(server, asked, signal)).flags.filter(({ lastSeen }) => lastSeen !== null)
  const others = [...new Set(known.map(({ flag }) => flag))]
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
  const same = others.find((one) => plain(one) === plain(key))
  if (same !== undefined)
    throw new CommandError('usage', `${key}: no request has met a flag of this key; did you mean ${same}?`)
  return { all, others }
}

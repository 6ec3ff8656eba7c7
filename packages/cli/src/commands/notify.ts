import type { NotifyConfig } from '@coalmine/comparator'
import { printable, printableJson, printableLines, table } from '@coalmine/report'
import type { NotifyState, TriedTarget } from '@coalmine/server'
import { findServer, isRemote } from '@coalmine/server/location'
import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { defaultConfig, readConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions, httpUrl } from '../options.ts'

interface NotifyCommandOptions extends SpanSource {
  readonly test?: boolean
  readonly target?: readonly string[]
  readonly config?: string
  readonly baseUrl?: string
  readonly format: 'text' | 'json'
}

/** `coalmine notify`: shows the state of messages, and tests whether targets accept them. */
export function notifyCommand(command: Command, io: Io): Command {
  return addServerOptions(
    command
      .option('--test', 'send a test message from this machine to each target of the file, and print the answers')
      .option(
        '--target <name>',
        'only this target; may be repeated, or list several with commas',
        (text: string, all: readonly string[] = []): readonly string[] => [...all, ...text.split(',')],
      )
      .addOption(
        new Option('--config <file>', `the file with the notify section (default: ${defaultConfig}, if it exists)`).env(
          'COALMINE_CONFIG',
        ),
      )
      .addOption(
        new Option('--base-url <url>', 'the address that test messages link to (default: that of the running server)')
          .argParser(httpUrl)
          .env('COALMINE_BASE_URL'),
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  coalmine notify --test --target team
  coalmine notify --server https://coalmine.example

Exits with 69 if a target does not accept the test message.`,
    )
    .action((options: NotifyCommandOptions) => (options.test ? test(options, io) : show(options, io)))
}

async function test(options: NotifyCommandOptions, io: Io): Promise<void> {
  const { notify } = await readConfig(options.config)
  const file = options.config ?? defaultConfig
  if (!notify)
    throw new CommandError(
      'usage',
      `${file}: it has no "notify", which says who is notified; "coalmine init" writes an example`,
    )
  const config = { ...notify, targets: named(notify.targets, options.target, file) }
  const { tryTargets } = await import('@coalmine/server')
  const tried = await tryTargets(config, io.env, { baseUrl: await baseOf(options), stop: io.stop })
  io.stdout.write(options.format === 'json' ? `${printableJson(tried)}\n` : triedText(tried))
  const failed = tried.filter(({ works }) => !works).map(({ target }) => target)
  if (failed.length > 0)
    throw new CommandError('unavailable', `${failed.join(', ')} did not accept the test message: see the answer above`)
}

function named(
  targets: NotifyConfig['targets'],
  names: readonly string[] | undefined,
  file: string,
): NotifyConfig['targets'] {
  if (names === undefined) return targets
  const unknown = names.find((name) => !Object.hasOwn(targets, name))
  if (unknown !== undefined)
    throw new CommandError(
      'usage',
      `--target ${unknown}: ${file} has no such target; it has ${Object.keys(targets).join(', ') || 'none'}`,
    )
  return Object.fromEntries(names.map((name) => [name, targets[name]!]))
}

async function baseOf({ baseUrl, server, store }: NotifyCommandOptions): Promise<string> {
  const given = baseUrl ?? server
  if (given !== undefined) return given.replace(/\/+$/, '')
  const owner = isRemote(store) ? undefined : await findServer(store)
  return (owner?.baseUrl ?? owner?.url ?? 'http://127.0.0.1:4318').replace(/\/+$/, '')
}

function triedText(tried: readonly TriedTarget[]): string {
  const rows = tried.map(({ target, type, works, note }) => [
    printable(target),
    type,
    works ? 'works' : 'FAILS',
    printable(note),
  ])
  return `${table([['target', 'kind', '', 'answer'], ...rows]).join('\n')}\n`
}

async function show(options: NotifyCommandOptions, io: Io): Promise<void> {
  const { format, target, ...source } = options
  const state = await withServer(source, 'read', io, (server) =>
    ask(server, '/api/notifications', isNotifyState, { signal: io.stop }),
  )
  const wanted = ({ target: name }: { readonly target: string }): boolean => target?.includes(name) ?? true
  const shown = { ...state, targets: state.targets.filter(wanted), recent: state.recent.filter(wanted) }
  io.stdout.write(format === 'json' ? `${printableJson(shown)}\n` : printableLines(stateText(shown)))
}

function isNotifyState(answer: object): answer is NotifyState {
  return ['targets', 'open', 'recent'].every((key) => Array.isArray(Object(answer)[key]))
}

function stateText({ targets, open, recent }: NotifyState): string {
  const rows = targets.map(({ target, type, pending, oldestAt, lastSentAt, refused, expired, off, trouble }) => [
    printable(target),
    type,
    String(pending),
    oldestAt ?? '',
    lastSentAt ?? '',
    String(refused + expired),
    printable(off === null ? (trouble ?? '') : `off: ${off}`),
  ])
  const fates = recent
    .slice(0, shownFates)
    .map(({ at, target, state, id, note }) => [at, printable(target), state, printable(id), printable(note)])
  return [
    ...(targets.length === 0 ? [noTargets] : []),
    ...(rows.length === 0
      ? []
      : table([['target', 'kind', 'waiting', 'oldest', 'last sent', 'given up', 'trouble'], ...rows])),
    ...(open.length > 0
      ? ['', 'open:', ...open.map(({ at, severity, title }) => `  ${at}  ${severity}  ${printable(title)}`)]
      : []),
    ...(fates.length > 0 ? ['', ...table([['at', 'target', 'state', 'message', 'answer'], ...fates])] : []),
    '',
  ].join('\n')
}

const shownFates = 20

const noTargets =
  'Nobody is notified: no server with targets runs here. Name targets under "notify" in the coalmine.yaml of "coalmine serve".'

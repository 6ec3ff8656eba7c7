import { findServer, isRemote } from '@coalmine/server/location'
import { parseSelector } from '@coalmine/server/selector'
import { type Command, Option } from 'commander'
import { cohortsOf } from '../comparison.ts'
import { addCohortOptions, type CohortOptions } from '../comparison-options.ts'
import { defaultConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { httpUrl, serverOption, storeOption } from '../options.ts'

interface UrlOptions extends CohortOptions {
  readonly baseUrl?: string
  readonly server?: string
  readonly store: string
}

/** `coalmine url`: prints the link to a comparison's page before the comparison exists. */
export function urlCommand(command: Command, io: Io): Command {
  return addCohortOptions(command)
    .addOption(
      new Option('--config <file>', `a file with the cohorts (default: ${defaultConfig}, if it exists)`).env(
        'COALMINE_CONFIG',
      ),
    )
    .addOption(
      new Option(
        '--base-url <url>',
        'the address at which browsers reach the server (default: that of --server or --store)',
      )
        .argParser(httpUrl)
        .env('COALMINE_BASE_URL'),
    )
    .addOption(serverOption())
    .addOption(storeOption())
    .action(async (options: UrlOptions) => {
      const { service, stable, canary } = await cohortsOf(options)
      parseSelector(stable)
      parseSelector(canary)
      const query = new URLSearchParams({ service, stable, canary })
      io.stdout.write(`${(await baseOf(options)).replace(/\/+$/, '')}/compare?${query}\n`)
    })
}

async function baseOf({ baseUrl, server, store }: UrlOptions): Promise<string> {
  const named = baseUrl ?? server
  if (named !== undefined) return named
  const owner = isRemote(store) ? undefined : await findServer(store)
  if (owner) return owner.baseUrl ?? owner.url
  throw new CommandError('usage', `no server runs on ${store}: give its address with --base-url or --server`)
}

import { writeFile } from 'node:fs/promises'
import { printable } from '@coalmine/report/printable'
import type { Command } from 'commander'
import { ask, type Server } from '../client.ts'
import { defaultConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { serverOption, storeOption, tokenOption, tracesOption } from '../options.ts'
import { serviceSeen } from '../services-seen.ts'
import { type Seen, starterConfig } from '../starter-config.ts'

type InitOptions = SpanSource & { readonly service?: string; readonly force?: boolean }

/** `coalmine init`: writes a first coalmine.yaml from what the store has seen. */
export function initCommand(command: Command, io: Io): Command {
  return command
    .argument('[file]', 'where to', defaultConfig)
    .option('--service <name>', 'the service that is released (default: the only one seen)')
    .addOption(storeOption())
    .addOption(tracesOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .option('--force', 'overwrite the file if it exists')
    .action(async (file: string, { service, force = false, ...place }: InitOptions) => {
      const seen = await withServer(place, 'read', io, (server) => look(server, service, io.stop))
      await writeFile(file, starterConfig(seen), { flag: force ? 'w' : 'wx' }).catch((error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'EEXIST'
            ? 'it exists already; --force overwrites it'
            : `it cannot be written (${error.code ?? error.message})`
        throw new CommandError('usage', `${file}: ${why}`)
      })
      io.stdout.write(
        `${file} written, for service ${printable(seen.service)}. "coalmine check" says what it judges.\n`,
      )
    })
}

interface BuildsSeen {
  readonly values: readonly string[]
  readonly first: readonly number[]
}

async function look(server: Server, named: string | undefined, signal: AbortSignal): Promise<Seen> {
  const service = await serviceSeen(server, named, signal)
  const query = `?service=${encodeURIComponent(service)}`
  const { values, first } = await ask(server, `/api/known${query}`, isBuildsSeen, { signal })
  const { operations } = await ask(server, `/api/doctor${query}`, hasOperations, { signal })
  const builds = values
    .map((selector, at) => ({ selector, first: first[at]! }))
    .filter(({ selector }) => selector.startsWith('service.version='))
    // Among builds that were there from the start, the one with the fewest requests is the canary.
    .reverse()
    .sort((a, b) => b.first - a.first)
    .map(({ selector }) => selector)
  return { service, builds, operations }
}

function isBuildsSeen(answer: object): answer is BuildsSeen {
  return 'values' in answer && 'first' in answer && Array.isArray(answer.first)
}

function hasOperations(answer: object): answer is Pick<Seen, 'operations'> {
  return 'operations' in answer && Array.isArray(answer.operations)
}

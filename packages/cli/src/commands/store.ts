import { printableJson, type StoreSizes, storeText } from '@coalmine/report'
import type { Command } from 'commander'
import { ask } from '../client.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { storeBackfillCommand } from './store-backfill.ts'
import { storeInitCommand } from './store-init.ts'

/** `coalmine store`: shows what the store holds, table by table. */
export function storeCommand(command: Command, io: Io): Command {
  // Options shared with subcommands may come before or after the subcommand.
  command.enablePositionalOptions(false)
  storeInitCommand(command.command('init'), io)
  storeBackfillCommand(command.command('backfill'), io)
  return addServerOptions(command, { traces: true }).action(
    async ({ format, ...source }: SpanSource & { readonly format: 'text' | 'json' }) => {
      const sizes = await withServer(source, 'read', io, (server) =>
        ask(server, '/api/store', isSizes, { signal: io.stop }),
      )
      io.stdout.write(format === 'json' ? `${printableJson(sizes)}\n` : storeText(sizes, { colors: io.colors }))
    },
  )
}

function isSizes(answer: object): answer is StoreSizes {
  return 'tables' in answer && 'retentionDays' in answer
}

import { type StoreSizes, storeText } from '@coalmine/report'
import type { Command } from 'commander'
import { ask } from '../client.ts'
import { type Place, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { formatOption, serverOption, storeOption, tokenOption } from '../options.ts'

export function storeCommand(command: Command, io: Io): Command {
  return command
    .description('what the store holds: spans, ticks, bytes on disk, and how far back')
    .addOption(storeOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .addOption(formatOption())
    .action(async ({ format, ...place }: Place & { readonly format: 'text' | 'json' }) => {
      const sizes = await withServer(place, 'read', (server) => ask(server, '/api/store', isSizes, { signal: io.stop }))
      io.stdout.write(
        format === 'json' ? `${JSON.stringify(sizes, null, 2)}\n` : storeText(sizes, { colors: io.colors }),
      )
    })
}

function isSizes(answer: object): answer is StoreSizes {
  return 'tables' in answer && 'retentionDays' in answer
}

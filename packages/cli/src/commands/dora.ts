import type { DoraAnswer } from '@coalmine/comparator'
import { doraText, printableJson } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions, days } from '../options.ts'

interface DoraOptions extends SpanSource {
  readonly service?: string
  readonly since: number
  readonly format: 'text' | 'json'
}

/** `coalmine dora`: shows how often you deploy, how long a change takes, and how often it does harm. */
export function doraCommand(command: Command, io: Io): Command {
  return addServerOptions(
    command
      .addOption(new Option('--service <name>', 'only this service').env('COALMINE_SERVICE'))
      .addOption(new Option('--since <days>', 'how far back to look, such as 30d').argParser(days).default(90, '90d')),
  )
    .addHelpText(
      'after',
      `
Deploys are those that "coalmine deploy" or a webhook reported, and builds that served users for the first time. A deploy
failed if a comparison by build proved harm to users. Compare a service with its own past, not with other services.`,
    )
    .action(async ({ service, since, format, ...source }: DoraOptions) => {
      const query = new URLSearchParams({
        since: new Date(Date.now() - since * 86_400_000).toISOString(),
        ...(service !== undefined && { service }),
      })
      const answer = await withServer(source, 'read', io, (server) =>
        ask(server, `/api/dora?${query}`, isDora, { signal: io.stop }),
      )
      io.stdout.write(format === 'json' ? `${printableJson(answer)}\n` : doraText(answer, { colors: io.colors }))
    })
}

const isDora = (answer: object): answer is DoraAnswer => 'services' in answer && Array.isArray(answer.services)

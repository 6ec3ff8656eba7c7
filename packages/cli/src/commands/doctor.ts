import { type DoctorFacts, doctorText, printableJson } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { serviceSeen } from '../services-seen.ts'

/** `coalmine doctor`: shows which marks arrive from a service, and which are missing. */
export function doctorCommand(command: Command, io: Io): Command {
  return addServerOptions(
    command.addOption(
      new Option('--service <name>', 'the service to look at (default: the only one seen)').env('COALMINE_SERVICE'),
    ),
    { traces: true },
  ).action(
    async ({
      service: named,
      format,
      ...source
    }: SpanSource & { readonly service?: string; readonly format: 'text' | 'json' }) => {
      const facts = await withServer(source, 'read', io, async (server) => {
        const service = named ?? (await serviceSeen(server, undefined, io.stop))
        const route = `/api/doctor?service=${encodeURIComponent(service)}`
        return ask(server, route, isDoctorFacts, { signal: io.stop })
      })
      io.stdout.write(format === 'json' ? `${printableJson(facts)}\n` : doctorText(facts, { colors: io.colors }))
    },
  )
}

function isDoctorFacts(answer: object): answer is DoctorFacts {
  return 'service' in answer && 'builds' in answer && Array.isArray(answer.builds)
}

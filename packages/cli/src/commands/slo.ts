import type { SloAnswer, SloInput } from '@coalmine/comparator'
import { plannedRamp } from '@coalmine/comparator/answers'
import { printableJson, sloText } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { ask, type Server } from '../client.ts'
import { defaultConfig, readConfig } from '../config-file.ts'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { slosOf } from '../slos.ts'

interface SloOptions extends SpanSource {
  readonly service?: string
  readonly slo?: string
  readonly config?: string
  readonly ramp?: string
  readonly format: 'text' | 'json'
}

/** `coalmine slo`: shows error budgets, how fast they burn, which build burns them, and how long they last. */
export function sloCommand(command: Command, io: Io): Command {
  return addServerOptions(
    command
      .addOption(new Option('--service <name>', 'only the objectives of this service').env('COALMINE_SERVICE'))
      .addOption(
        new Option(
          '--config <file>',
          "the file whose slo: section has the objectives (default: coalmine.yaml, if it exists, else the server's file)",
        ).env('COALMINE_CONFIG'),
      )
      .addOption(
        new Option('--slo <file>', 'take the objectives from this file of OpenSLO v1 instead').env('COALMINE_SLO'),
      )
      .addOption(
        new Option(
          '--ramp <shares>',
          'say when the budget is gone if the newest build gets these shares for these times, such as 1%:30m,10%:1h,100%',
        ).env('COALMINE_RAMP'),
      ),
    { traces: true },
  ).action(async ({ service, slo, config, ramp, format, ...source }: SloOptions) => {
    const written = await readConfig(config)
    const all = await slosOf(written, { ...(slo && { slo }), ...(config && { config }) })
    const wanted = all.filter((one) => service === undefined || one.service === service)
    if (all.length > 0 && wanted.length === 0)
      throw new CommandError(
        'usage',
        `--service ${service}: it has no objectives; there are some for ${[...new Set(all.map((one) => one.service))].join(', ')}`,
      )
    const planned = ramp ?? plannedRamp(written.rollout?.stages ?? [])
    const answer = await withServer(source, 'read', io, (server) =>
      budgetsOn(server, { slo: wanted, ...(service && { service }), ...(planned && { ramp: planned }) }, io.stop),
    )
    const { columns: width } = io.stdout
    io.stdout.write(format === 'json' ? `${printableJson(answer)}\n` : sloText(answer, { colors: io.colors, width }))
  })
}

interface Asked {
  readonly slo: readonly SloInput[]
  readonly service?: string
  readonly ramp?: string
}

/** Returns the budgets of these objectives, or of the server's own if none are given. */
async function budgetsOn(server: Server, { slo, service, ramp }: Asked, signal: AbortSignal): Promise<SloAnswer> {
  if (slo.length > 0) return ask(server, '/api/slo', isSloAnswer, { body: { slo, ...(ramp && { ramp }) }, signal })
  const query = new URLSearchParams({ ...(service && { service }), ...(ramp && { ramp }) })
  const answer = await ask(server, `/api/slo?${query}`, isSloAnswer, { signal })
  if (answer.budgets.length > 0) return answer
  throw new CommandError(
    'usage',
    `there are no objectives: put some into ${defaultConfig}, such as

slo:
  - service: ${service ?? 'storefront'}
    journeys: [GET /cart]
    objective: 99.9%
    latency: 300ms

or give an OpenSLO file with --slo`,
  )
}

const isSloAnswer = (answer: object): answer is SloAnswer => 'budgets' in answer && Array.isArray(answer.budgets)

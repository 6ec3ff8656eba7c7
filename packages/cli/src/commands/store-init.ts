import type { Initialised } from '@coalmine/server'
import { type Command, Option } from 'commander'
import type { Io } from '../io.ts'
import { days, storeOption, tracesOption } from '../options.ts'

interface StoreInitOptions {
  readonly store: string
  readonly traces?: string
  readonly cluster?: string
  readonly keep?: number
  readonly dryRun?: boolean
}

/** `coalmine store init`: creates the tables of closed ticks in a ClickHouse, or prints the statements. */
export function storeInitCommand(command: Command, io: Io): Command {
  return command
    .description("make Coalmine's tables in a ClickHouse, beside its spans, or upgrade those of an earlier release")
    .addOption(storeOption())
    .addOption(tracesOption())
    .addOption(
      new Option('--cluster <name>', 'make them on every node of this cluster; each node has all rows').env(
        'COALMINE_CLUSTER',
      ),
    )
    .addOption(
      new Option('--keep <time>', "how long Coalmine's own rows are kept (default: 14d for new tables)")
        .argParser(days)
        .env('COALMINE_KEEP'),
    )
    .option('--dry-run', 'print the statements and the rights they need, and do nothing')
    .action(async (_options: unknown, called: Command) => {
      // Options shared with `coalmine store` are parsed by it.
      const { store, traces, cluster, keep, dryRun = false } = called.optsWithGlobals<StoreInitOptions>()
      const { initStore } = await import('@coalmine/server')
      const done = await initStore({ location: store, traces, cluster, retentionDays: keep, dryRun })
      io.stdout.write(dryRun ? script(done) : summary(done))
    })
}

/** The statements as a script for ClickHouse's own client. */
function script({ database, statements, rights }: Initialised): string {
  const grants = (who: string, some: readonly string[]): string =>
    [`-- ${who}`, ...some.map((grant) => `-- ${grant};`)].join('\n')
  return [
    `USE ${database};`,
    ...statements.map((statement) => `${statement};`),
    grants('to run these statements', rights.init),
    grants('to serve and import, once they have run', rights.serve),
    grants('to compare, watch and look; with the first alone, from raw spans, which is slower', rights.read),
    '',
  ].join('\n\n')
}

function summary({ database, from, to, traces, madeTraces }: Initialised): string {
  const what =
    from === 0
      ? `now has Coalmine's tables, version ${to}`
      : from === to
        ? `already had its tables, version ${to}`
        : `has had its tables upgraded from version ${from} to ${to}`
  const spans = madeTraces ? `${traces}, which was created too` : `${traces}, which is left as it is`
  return `Database ${database} ${what}. Spans are in ${spans}.\n"coalmine serve" closes ticks from here on, "coalmine store backfill" those of the past.\n`
}

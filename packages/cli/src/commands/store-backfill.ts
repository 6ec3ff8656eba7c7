import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { excludeEachOther, moment, serverOption, storeOption, tokenOption, windowMilliseconds } from '../options.ts'
import { progressTo } from '../progress.ts'

type BackfillOptions = SpanSource & {
  readonly service?: string
  readonly since?: number
  readonly start?: string
  readonly end?: string
}

/** `coalmine store backfill`: closes past ticks that nobody has closed, some at a time. */
export function storeBackfillCommand(command: Command, io: Io): Command {
  return command
    .description('sum up past spans that were never summed up')
    .addOption(storeOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .addOption(new Option('--service <name>', 'only this service (default: all)').env('COALMINE_SERVICE'))
    .addOption(
      new Option('--since <time>', 'sum up the last part of the past, such as 2h').argParser(windowMilliseconds),
    )
    .addOption(new Option('--start <moment>', 'start of the window, such as 2026-11-20T10:00:00Z').argParser(moment))
    .addOption(new Option('--end <moment>', 'end of the window (default: now)').argParser(moment))
    .hook('preAction', (_command, called) => excludeEachOther(called, 'since', ['start', 'end']))
    .action(async (_options: unknown, called: Command) => {
      // Options shared with `coalmine store` are parsed by it.
      const { service, since, start, end, ...source } = called.optsWithGlobals<BackfillOptions>()
      if (since === undefined && start === undefined)
        throw new CommandError('usage', 'the start is missing: give --since, such as 2h, or --start')
      const first = start ?? new Date(Date.now() - since!).toISOString()
      const progress = progressTo(io.stderr)
      await withServer(source, 'write', io, async (server) => {
        let ticks = 0
        let spans = 0
        for (let from = first; ; ) {
          const body = { start: from, end, service }
          const done = await ask(server, '/api/backfill', isBackFilled, { body, signal: io.stop })
          ticks += done.ticks
          spans += done.spans
          if (done.untilMs >= done.endMs) break
          from = new Date(done.untilMs).toISOString()
          progress.show(`closed ${ticks} ticks of ${spans} spans, up to ${from}`)
        }
        progress.clear()
        io.stdout.write(
          `${ticks} ${ticks === 1 ? 'tick' : 'ticks'} closed, of ${spans} ${spans === 1 ? 'span' : 'spans'}\n`,
        )
      })
    })
}

interface BackFilled {
  readonly ticks: number
  readonly spans: number
  readonly untilMs: number
  readonly endMs: number
}

function isBackFilled(answer: object): answer is BackFilled {
  return 'untilMs' in answer && 'endMs' in answer
}

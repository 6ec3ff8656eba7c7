import { type Command, Option } from 'commander'
import type { CommandTrouble } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { columnsOption, days, serverOption, storeOption, tokenOption } from '../options.ts'
import { type ImportAnswer, type ImportOptions, importFile, lines, reportRefused } from '../spans.ts'

/** `coalmine import`: stores the spans of files. Exits with `malformed` if a line was refused. */
export function importCommand(command: Command, io: Io, exit: (result: CommandTrouble) => void): Command {
  return command
    .argument('<file...>', 'files, also .gz and .zst; - is standard input')
    .addOption(columnsOption())
    .option('--again', 'import a file again that was imported before')
    .addOption(
      new Option(
        '--keep <time>',
        'how long the directory keeps spans; older ones are refused (default: 14d if it is new)',
      )
        .argParser(days)
        .env('COALMINE_KEEP'),
    )
    .addOption(storeOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .action(async (files: string[], { keep, ...options }: SpanSource & ImportOptions & { readonly keep?: number }) => {
      const source = { ...options, ...(keep !== undefined && { retentionDays: keep }) }
      await withServer(source, 'write', io, async (server) => {
        if (keep !== undefined && !server.own)
          tell(io, '--keep is ignored: the running server says how long spans are kept')
        for (const file of files) {
          const answer = await importFile(server, file, io, options)
          reportRefused(file, answer, io)
          if (answer.refusedCount > 0) exit('malformed')
          io.stdout.write(`${file}: ${outcomeOf(answer)}\n`)
        }
      })
    })
}

function outcomeOf({ spans, evaluations, before, late, refusedCount, finished }: ImportAnswer): string {
  const refused = refusedCount > 0 ? `, ${lines(refusedCount)} refused` : ''
  if (finished)
    return `${counted(spans, 'span')} ${spans === 1 ? 'was' : 'were'} stored before${refused}; --again reads it anew`
  const earlier = before > 0 ? ` after the ${before} that ${before === 1 ? 'was' : 'were'} there` : ''
  const tooLate = late > 0 ? `, ${late} of them too late for ticks that have closed` : ''
  const ofFlags = evaluations > 0 ? `, ${counted(evaluations, 'evaluation')} of flags` : ''
  return `${counted(spans - before, 'span')} stored${earlier}${tooLate}${ofFlags}${refused}`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

import type { Command } from 'commander'
import type { CommandTrouble } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { columnsOption, serverOption, storeOption, tokenOption } from '../options.ts'
import { type ImportAnswer, type ImportOptions, importFile, lines, reportRefused } from '../spans.ts'

/** `coalmine import`: stores the spans of files. Exits with `malformed` if a line was refused. */
export function importCommand(command: Command, io: Io, exit: (result: CommandTrouble) => void): Command {
  return command
    .argument('<file...>', 'files, also .gz and .zst; - is standard input')
    .addOption(columnsOption())
    .option('--again', 'import a file again that was imported before')
    .addOption(storeOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .action(async (files: string[], options: SpanSource & ImportOptions) => {
      await withServer(options, 'write', io, async (server) => {
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

import type { Command } from 'commander'
import type { Trouble } from '../exit-codes.ts'
import { type Place, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { serverOption, storeOption, tokenOption } from '../options.ts'
import { importFile, lines, reportRefused } from '../spans.ts'

export function importCommand(command: Command, io: Io, exit: (outcome: Trouble) => void): Command {
  return command
    .description(
      "store spans from files: OTLP, JSON or protobuf, as the Collector's file exporter writes it; Jaeger's JSON",
    )
    .argument('<file...>', 'files, .gz too; - is standard input')
    .addOption(storeOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .action(async (files: string[], place: Place) => {
      await withServer(place, 'write', async (server) => {
        for (const file of files) {
          const answer = await importFile(server, file, io)
          reportRefused(file, answer, io)
          if (answer.refusedCount > 0) exit('malformed')
          const late = answer.late > 0 ? `, ${answer.late} of them too late for ticks that have closed` : ''
          const refused = answer.refusedCount > 0 ? `, ${lines(answer.refusedCount)} refused` : ''
          io.stdout.write(`${file}: ${answer.spans} spans stored${late}${refused}\n`)
        }
      })
    })
}

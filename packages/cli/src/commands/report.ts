import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { isVerdict } from '@coalmine/client'
import type { Verdict } from '@coalmine/comparator'
import { type Command, Option } from 'commander'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { serverOption, storeOption, tokenOption, verdictFormatOption } from '../options.ts'
import { type Beside, type Output, writeVerdict } from '../output.ts'
import { chartsOf, judgedComparison, pageOf } from '../running.ts'

type ReportOptions = SpanSource & Output

/** `coalmine report`: writes an existing verdict in another format. */
export function reportCommand(command: Command, io: Io): Command {
  return command
    .argument('<id|file>', 'the id of a comparison, or a file written by --format json; - is standard input')
    .addOption(verdictFormatOption())
    .addOption(
      new Option('--output <file>', 'write the report to a file instead of standard output').env('COALMINE_OUTPUT'),
    )
    .addOption(storeOption())
    .addOption(serverOption())
    .addOption(tokenOption())
    .addHelpText('after', '\nExits with 0, whatever the verdict is.')
    .action(async (what: string, { format, output, ...source }: ReportOptions) => {
      const { verdict, ...beside } = isId(what) ? await ofComparison(what, source, format, io) : await ofFile(what, io)
      await writeVerdict(verdict, { format, ...(output === undefined ? {} : { output }) }, io, beside)
    })
}

/** Matches ids as the server creates them; file names have an extension or a folder. */
const isId = (what: string): boolean => /^[0-9a-f]{12}$/.test(what)

async function ofComparison(
  id: string,
  source: SpanSource,
  format: Output['format'],
  io: Io,
): Promise<Beside & { readonly verdict: Verdict }> {
  return withServer({ ...source, knowsComparisons: true }, 'read', io, async (server) => {
    const { verdict, url } = await judgedComparison(server, id, io.stop)
    if (format === 'html') return { verdict, page: await pageOf(server, id, io.stop) }
    return { verdict, url: server.own ? undefined : url, charts: await chartsOf(server, id, verdict) }
  })
}

async function ofFile(file: string, io: Io): Promise<{ readonly verdict: Verdict }> {
  const content = await (file === '-' ? text(io.stdin) : readFile(file, 'utf8')).catch(
    (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'there is no such file, and no comparison has this id' : error.message
      throw new CommandError('usage', `${file}: ${why}`)
    },
  )
  const answer = parsed(content, file)
  // A server's answer about a comparison contains the verdict.
  const inside: unknown = Object(answer)
  const found = [inside, Object(inside).verdict as unknown].find(
    (one): one is Verdict => typeof one === 'object' && one !== null && isVerdict(one),
  )
  if (found) return { verdict: found }
  throw new CommandError('malformed', `${file}: this is not a verdict: give a file that --format json wrote`)
}

function parsed(content: string, file: string): unknown {
  try {
    return JSON.parse(content)
  } catch (error) {
    throw new CommandError('malformed', `${file}: not JSON: ${(error as Error).message}`)
  }
}

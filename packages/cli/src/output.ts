import { writeFile } from 'node:fs/promises'
import type { Verdict } from '@coalmine/comparator'
import { verdictJson, verdictText } from '@coalmine/report'
import { CommandError } from './exit-codes.ts'
import { type Io, tell } from './io.ts'
import { sendVerdict } from './verdict-event.ts'

/** Writes the report where it was asked for, and sends the verdict where that was. What a verdict that means nothing is lacking goes to standard error too. */
export async function writeVerdict(
  verdict: Verdict,
  { format, output, otlp }: { readonly format: 'text' | 'json'; readonly output?: string; readonly otlp?: string },
  io: Io,
): Promise<void> {
  const render = (colors: boolean): string =>
    format === 'json' ? verdictJson(verdict) : verdictText(verdict, { colors })
  await writeReport(render, { ...(output === undefined ? {} : { output }) }, io)
  if (otlp) await sendVerdict(verdict, otlp, Date.now(), io)
  if (verdict.verdict !== 'invalid') return
  for (const reason of verdict.reasons) {
    if (reason.weight === 'decides') tell(io, reason.message)
  }
}

/** Writes a report to the file that was named, else to standard output; only there in colours. */
export async function writeReport(
  render: (colors: boolean) => string,
  { output }: { readonly output?: string },
  io: Io,
): Promise<void> {
  if (output === undefined) {
    io.stdout.write(render(io.colors))
    return
  }
  await writeFile(output, render(false)).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError('usage', `--output ${output}: cannot be written (${error.code ?? error.message})`)
  })
}

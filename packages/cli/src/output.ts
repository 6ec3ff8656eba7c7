import { writeFile } from 'node:fs/promises'
import type { Charts, Verdict } from '@coalmine/comparator'
import { renderVerdict, type VerdictFormat } from '@coalmine/report'
import { CommandError } from './exit-codes.ts'
import { type Io, tell } from './io.ts'
import { sendVerdict } from './verdict-event.ts'

/** Where a report goes, and how it is written. */
export interface Output {
  readonly format: VerdictFormat
  readonly output?: string
  readonly otlp?: string
}

/** What is known besides the verdict. */
export interface Beside {
  readonly url?: string | undefined
  readonly charts?: Charts | undefined
}

/** Writes the report where it was asked for, and sends the verdict where that was. What a verdict that means nothing is lacking goes to standard error too. */
export async function writeVerdict(
  verdict: Verdict,
  { format, output, otlp }: Output,
  io: Io,
  beside: Beside = {},
): Promise<void> {
  const width = output === undefined ? io.stdout.columns : undefined
  const render = (colors: boolean): string => renderVerdict(verdict, format, { colors, width, ...beside })
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

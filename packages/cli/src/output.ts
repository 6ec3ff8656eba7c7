import { writeFile } from 'node:fs/promises'
import type { Charts, Verdict } from '@coalmine/comparator'
import { type VerdictFormat, verdictFormats } from '@coalmine/report/formats'
import type { ReportContent } from '@coalmine/server'
import { CommandError } from './exit-codes.ts'
import { type Io, tell } from './io.ts'
import { sendVerdict } from './verdict-event.ts'

/** The format of a report; `html` is the page with its data in one file. */
export type ReportFormat = VerdictFormat | 'html'

/** All report formats, as named by the option. */
export const reportFormats: readonly ReportFormat[] = [...verdictFormats, 'html']

/** The destination and format of a report. */
export interface Output {
  readonly format: ReportFormat
  readonly output?: string
  readonly otlp?: string
}

/** Data that accompanies the verdict. */
export interface Beside {
  readonly url?: string | undefined
  readonly charts?: Charts | undefined
  /** For the page: everything shown beside the verdict, and how the comparison ran. */
  readonly page?: Pick<ReportContent, 'view' | 'state'> | undefined
}

/** Writes the report where it was asked for, and sends the verdict where that was. What a verdict that means nothing is lacking goes to standard error too. */
export async function writeVerdict(
  verdict: Verdict,
  { format, output, otlp }: Output,
  io: Io,
  { page, ...beside }: Beside = {},
): Promise<void> {
  const width = output === undefined ? io.stdout.columns : undefined
  const render = await rendererOf(verdict, format, { width, ...beside }, page)
  await writeReport(render, { ...(output === undefined ? {} : { output }) }, io)
  if (otlp) await sendVerdict(verdict, otlp, Date.now(), io)
  if (verdict.verdict !== 'invalid') return
  for (const reason of verdict.reasons) {
    if (reason.weight === 'decides') tell(io, reason.message)
  }
}

/** Loads what the format needs, and nothing that the others need. */
async function rendererOf(
  verdict: Verdict,
  format: ReportFormat,
  beside: Pick<Beside, 'url' | 'charts'> & { readonly width: number | undefined },
  page: Beside['page'],
): Promise<(colors: boolean) => string> {
  if (format === 'html') {
    const { reportPage } = await import('@coalmine/server')
    const html = await reportPage({ verdict, view: null, state: null, ...page }, Date.now())
    return () => html
  }
  const { renderVerdict } = await import('@coalmine/report')
  return (colors) => renderVerdict(verdict, format, { colors, ...beside })
}

/** Writes a report to the named file, otherwise to standard output, and only there in colour. */
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

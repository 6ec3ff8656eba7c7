import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from '@coalmine/comparator'
import type { ReportContent } from '@coalmine/server'
import { type Command, Option } from 'commander'
import type { Server } from '../client.ts'
import { compareOn, compareWithView, comparisonRequest } from '../comparison.ts'
import { addComparisonOptions, type ComparisonOptions } from '../comparison-options.ts'
import { CommandError } from '../exit-codes.ts'
import { withServer } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { addKayentaOptions, type KayentaOptions, outcomeBy, readKayenta, withKayenta } from '../kayenta.ts'
import { columnsOption, excludeEachOther, milliseconds } from '../options.ts'
import { writeVerdict } from '../output.ts'
import { addSeriesOptions, type SeriesOptions } from '../series-options.ts'
import { addSpanMetricsOptions, type SpanMetricsOptions } from '../span-metrics-options.ts'
import { type ImportOptions, importFile, lines, reportRefused } from '../spans.ts'

type CompareOptions = ComparisonOptions &
  KayentaOptions &
  SeriesOptions &
  SpanMetricsOptions &
  Pick<ImportOptions, 'columns'>

/** `coalmine compare`: one verdict, on spans of a store or of files, on span metrics, or on plain series. */
export function compareCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  return addSpanMetricsOptions(addSeriesOptions(addKayentaOptions(addComparisonOptions(command))))
    .addOption(
      new Option(
        '--stable-window <time>',
        'compare with the same hours of this many earlier days instead of a stable that runs now, such as 7d (at least 3d)',
      )
        .argParser(milliseconds)
        .env('COALMINE_STABLE_WINDOW'),
    )
    .option('--from <file...>', 'judge these files of spans, in any format that import reads, and nothing else')
    .addOption(columnsOption())
    .hook('preAction', (_command, called) => excludeEachOther(called, 'from', ['store', 'server']))
    .action(async (options: CompareOptions) => {
      if (options.series !== undefined) {
        const { compareSeries } = await import('../series.ts')
        exit((await compareSeries(options.series, options, io)).verdict)
        return
      }
      if (options.prometheus !== undefined) {
        const { spanMetricsJudge, spanMetricsRequest } = await import('../span-metrics.ts')
        const judgeOnce = spanMetricsJudge(options.prometheus, await spanMetricsRequest(options), options, io)
        const verdict = await judgeOnce()
        await writeVerdict(verdict, options, io)
        exit(verdict.verdict)
        return
      }
      const request = await comparisonRequest(options)
      const kayenta = await readKayenta(options)
      const judge = async (server: Server): Promise<Judged> => {
        const { verdict, view } =
          options.format === 'html'
            ? await compareWithView(server, request, io.stop)
            : { verdict: await compareOn(server, request, io.stop), view: null }
        return { verdict: await withKayenta(verdict, request, kayenta, server, io.stop), view }
      }
      const { verdict, view } = options.from
        ? await compareFiles(options.from, options, judge, io)
        : await withServer(options, 'read', io, judge)
      await writeVerdict(verdict, options, io, { page: { view, state: null } })
      const outcome = outcomeBy(options.judge, verdict)
      if (outcome !== verdict.verdict) tell(io, "the exit code is that of Kayenta's answer")
      exit(outcome)
    })
}

type Judged = Pick<ReportContent, 'verdict' | 'view'>

async function compareFiles(
  files: readonly string[],
  options: Pick<ImportOptions, 'columns'>,
  judge: (server: Server) => Promise<Judged>,
  io: Io,
): Promise<Judged> {
  // Files may be of any age, so this is the longest retention that a store allows.
  const retentionDays = 3650
  const store = await mkdtemp(join(tmpdir(), 'coalmine-'))
  try {
    return await withServer({ store, retentionDays, temporary: true }, 'write', io, async (server) => {
      let refused = 0
      for (const file of files) {
        const answer = await importFile(server, file, io, options)
        reportRefused(file, answer, io)
        refused += answer.refusedCount
      }
      if (refused > 0) {
        throw new CommandError(
          'malformed',
          `${lines(refused)} ${refused === 1 ? 'was' : 'were'} refused, so there is no verdict; to judge the rest, "coalmine import" the files and compare`,
        )
      }
      return await judge(server)
    })
  } finally {
    await rm(store, { recursive: true, force: true })
  }
}

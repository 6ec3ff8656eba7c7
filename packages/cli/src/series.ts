import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import {
  defaultSeriesPolicy,
  judgeSeries,
  type PlainSeries,
  readSeries,
  type SeriesVerdict,
} from '@coalmine/comparator'
import { printableJson, seriesText } from '@coalmine/report'
import { CommandError } from './exit-codes.ts'
import type { Io } from './io.ts'
import { writeReport } from './output.ts'
import type { SeriesOptions } from './series-options.ts'

/** Judges the series in a file, writes the report and returns the verdict. */
export async function compareSeries(file: string, options: SeriesOptions, io: Io): Promise<SeriesVerdict> {
  const { alpha, margin = {}, worse, format } = options
  if (format !== 'text' && format !== 'json')
    throw new CommandError('usage', `--format ${format}: --series can be text or json`)
  const [stray] = Object.keys(margin).filter((name) => name !== 'series')
  if (stray !== undefined) {
    throw new CommandError('usage', `--margin ${stray}: with --series, write --margin series=10%`)
  }
  const name = file === '-' ? 'standard input' : file
  const series = await read(file, name, io)
  const policy = {
    ...defaultSeriesPolicy,
    ...(alpha === undefined ? {} : { alpha }),
    worse,
    margin: margin['series'] ?? null,
  }
  const verdict = judged(series, policy)
  await writeReport(
    (colors) => (format === 'json' ? `${printableJson(verdict)}\n` : seriesText(verdict, name, { colors })),
    options,
    io,
  )
  return verdict
}

async function read(file: string, name: string, io: Io): Promise<PlainSeries> {
  const content = await (file === '-' ? textOf(io.stdin) : readFile(file, 'utf8')).catch(
    (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
      throw new CommandError('usage', `--series ${file}: ${why}`)
    },
  )
  try {
    return readSeries(content, name)
  } catch (error) {
    throw new CommandError('malformed', (error as Error).message)
  }
}

function judged(series: PlainSeries, policy: Parameters<typeof judgeSeries>[1]): SeriesVerdict {
  try {
    return judgeSeries(series, policy)
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError('usage', `--margin series: ${error.message}`)
    throw error
  }
}

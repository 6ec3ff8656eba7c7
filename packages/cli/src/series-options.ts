import { type Command, Option } from 'commander'
import type { ComparisonOptions } from './comparison-options.ts'
import { excludeEachOther } from './options.ts'

/** The options of `compare` for plain series, as parsed by commander. */
export type SeriesOptions = Pick<ComparisonOptions, 'alpha' | 'margin' | 'format' | 'output'> & {
  readonly series?: string
  readonly worse: 'higher' | 'lower'
}

/** Adds `--series` and `--worse`, and the options they exclude. */
export function addSeriesOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--series <file>',
        'judge two series of numbers instead: CSV with columns stable,canary, or JSON; - is standard input',
      ).env('COALMINE_SERIES'),
    )
    .addOption(
      new Option('--worse <way>', 'what is worse in --series')
        .choices(['higher', 'lower'])
        .default('higher')
        .env('COALMINE_WORSE'),
    )
    .hook('preAction', (_command, called) => excludeEachOther(called, 'series', ['from', 'store', 'server', 'kayenta']))
    .addHelpText(
      'after',
      `
Series:
  stable,canary                                          one number a row for each cohort
  stable.events,stable.n,canary.events,canary.n          events out of n; each row is one time
  --margin series=10%                                    or series=0.5 in their unit; of rates series=1.5,0.1pp
  They are tested once, by Mann-Whitney or row by row: ask when all points are there.`,
    )
}

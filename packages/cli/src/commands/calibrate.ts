import type { Calibration, CalibrationRow, ReplayAnswer } from '@coalmine/comparator'
import { parseEffect } from '@coalmine/comparator/defaults'
import { calibrationMarkdown, calibrationText, printableJson } from '@coalmine/report'
import type { CalibrateAnswer, Replay } from '@coalmine/server'
import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { milliseconds } from '../options.ts'
import { writeReport } from '../output.ts'
import { progressTo } from '../progress.ts'
import { addStableOptions, effectsOf, type StableOptions, stableRequest } from '../stable.ts'
import { effect, share, wholeNumber } from './plan.ts'

interface CalibrateOptions extends StableOptions {
  readonly share: number
  readonly for: number
  readonly effect?: readonly string[]
  readonly replays: number
  readonly seed: number
  readonly format: 'text' | 'json' | 'markdown'
  readonly output?: string
}

const looked = ['latency=10%', 'latency=25%', 'errors=x5']

/** Number of replays between two progress lines. */
const portion = 40

/** `coalmine calibrate`: replays canaries on stable's traffic, and reports how the policy judged them. */
export function calibrateCommand(command: Command, io: Io): Command {
  return addStableOptions(command)
    .addOption(
      new Option('--share <share>', "the canaries' share of the traffic")
        .argParser(share)
        .default(0.1, '10%')
        .env('COALMINE_SHARE'),
    )
    .addOption(
      new Option('--for <time>', 'how long each canary is')
        .argParser(milliseconds)
        .default(30 * 60_000, '30m')
        .env('COALMINE_FOR'),
    )
    .addOption(
      new Option('--effect <regression>', `a regression to add; may be repeated (default: ${looked.join(' ')})`)
        .argParser(effect)
        .env('COALMINE_EFFECT'),
    )
    .addOption(
      new Option('--replays <count>', 'how many replays of each kind')
        .argParser(wholeNumber)
        .default(200)
        .env('COALMINE_REPLAYS'),
    )
    .addOption(
      new Option('--seed <number>', 'the seed of the replays').argParser(wholeNumber).default(1).env('COALMINE_SEED'),
    )
    .addOption(
      new Option('--format <format>', 'for people, for programs, or for a wiki')
        .choices(['text', 'json', 'markdown'])
        .default('text')
        .env('COALMINE_FORMAT'),
    )
    .addOption(
      new Option('--output <file>', 'write the report to a file instead of standard output').env('COALMINE_OUTPUT'),
    )
    .action(async ({ format, output, ...options }: CalibrateOptions) => {
      const request = await stableRequest(options)
      const effects = await effectsOf(options.effect, looked, request.policy)
      const progress = progressTo(io.stderr)
      const calibration = await withServer(options, 'read', io, (server) =>
        calibrate(
          (body) => ask(server, '/api/calibrate', isAnswer, { body: { ...request, ...body }, signal: io.stop }),
          { ...options, effects, service: request.service, stable: request.stable },
          (line) => progress.show(line),
        ),
      )
      progress.clear()
      await writeReport((colors) => rendered(calibration, format, colors), output === undefined ? {} : { output }, io)
    })
}

type CalibrationRequest = Pick<CalibrateOptions, 'share' | 'for' | 'replays' | 'seed'> & {
  readonly effects: readonly string[]
  readonly service: string
  readonly stable: string
}

/** Replays canaries like stable, then those with each regression, a portion at a time. */
async function calibrate(
  ask: (body: { replay: Replay; forSeconds: number; seed: number }) => Promise<CalibrateAnswer>,
  { service, stable, share, for: forMs, effects, replays, seed }: CalibrationRequest,
  show: (line: string) => void,
): Promise<Calibration> {
  const replayed = (replay: Replay): Promise<CalibrateAnswer> => ask({ replay, forSeconds: forMs / 1000, seed })
  const { window, placebo } = await replayed({ kind: 'instances' })
  const { calibrationRow } = await import('@coalmine/comparator')
  const rows: CalibrationRow[] = []
  for (const effect of [null, ...effects]) {
    const answers: ReplayAnswer[] = []
    while (answers.length < replays) {
      show(`${rows.length * replays + answers.length} of ${(effects.length + 1) * replays} replays`)
      const portionOfReplays = { first: answers.length, count: Math.min(portion, replays - answers.length) }
      const splits = { kind: 'splits' as const, share, ...portionOfReplays, ...(effect === null ? {} : { effect }) }
      answers.push(...(await replayed(splits)).answers)
    }
    rows.push(calibrationRow(effect === null ? null : parseEffect(effect), answers))
  }
  const forSeconds = Math.min(forMs, Date.parse(window.end) - Date.parse(window.start)) / 1000
  return { schema: 'coalmine.calibration/1', service, stable, window, share, forSeconds, seed, rows, placebo }
}

function rendered(calibration: Calibration, format: CalibrateOptions['format'], colors: boolean): string {
  switch (format) {
    case 'json':
      return `${printableJson(calibration)}\n`
    case 'markdown':
      return calibrationMarkdown(calibration)
    case 'text':
      return calibrationText(calibration, { colors })
  }
}

function isAnswer(answer: object): answer is CalibrateAnswer {
  return 'answers' in answer && 'placebo' in answer && 'window' in answer
}

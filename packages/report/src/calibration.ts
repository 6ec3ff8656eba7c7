import type { Calibration, CalibrationRow, Placebo } from '@coalmine/comparator'
import { count, duration, percent } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { printableData } from './printable.ts'
import { table } from './table.ts'

/**
 * Formats a calibration as text for a terminal.
 *
 * @example console.log(calibrationText(calibration, { colors: process.stdout.isTTY }))
 */
export function calibrationText(untrusted: Calibration, options: { readonly colors: boolean }): string {
  const calibration = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const [head, ...rows] = tableOf(calibration)
  return [
    `${ink.bold(calibration.service)}: ${titleOf(calibration)}`,
    '',
    ...table([head!.map((cell) => ink.dim(cell)), ...rows]).map((line) => `  ${line}`),
    '',
    ...sentencesOf(calibration).map((sentence) => `  ${sentence}`),
    '',
  ].join('\n')
}

/**
 * Formats a calibration as Markdown, for a wiki or a pull request.
 *
 * @example await writeFile('calibration.md', calibrationMarkdown(calibration))
 */
export function calibrationMarkdown(untrusted: Calibration): string {
  const calibration = printableData(untrusted)
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const [head, ...rows] = tableOf(calibration)
  return [
    `# ${calibration.service}: calibration`,
    '',
    `${titleOf(calibration)}.`,
    '',
    row(head!),
    row(head!.map(() => '---')),
    ...rows.map(row),
    '',
    ...sentencesOf(calibration).map((sentence) => `- ${sentence}`),
    '',
  ].join('\n')
}

function titleOf({ stable, share, forSeconds, window }: Calibration): string {
  return `canaries of ${percent(share)} for ${duration(forSeconds)}, replayed on the traffic of ${stable} from ${window.start} to ${window.end}`
}

function tableOf({ rows, placebo }: Calibration): string[][] {
  const head = ['canary', 'replays', 'failed', 'half by', '9 of 10 by', 'passed', 'half by']
  return [head, ...rows.map(rowOf), ...(placebo ? [placeboRow(placebo)] : [])]
}

function rowOf({ effect, replays, failed, share, failedBy, passed, passedBy }: CalibrationRow): string[] {
  return [
    effect ?? 'like stable, split at random',
    count(replays),
    `${count(failed)} (${percent(share.lower, 2)} to ${percent(share.upper, 2)})`,
    time(failedBy.half),
    time(failedBy.nineOfTen),
    count(passed),
    time(passedBy.half),
  ]
}

function placeboRow({ instances, replays, failed }: Placebo): string[] {
  return [`each of ${instances} instances against the others`, count(replays), count(failed), '', '', '', '']
}

function sentencesOf({ rows, placebo }: Calibration): string[] {
  const alike = rows.find(({ effect }) => effect === null)
  const alarms = alike
    ? [
        `${count(alike.failed)} of ${count(alike.replays)} canaries like stable FAILed: a rate of at most ${percent(alike.share.upper, 2)}, as far as this many can show.`,
      ]
    : []
  if (!placebo)
    return [
      ...alarms,
      'Fewer than three instances can be told apart, too few to say how much hosts differ and which margins that needs.',
    ]
  return [
    ...alarms,
    ...placebo.outOfLine.map(
      ({ instance, failed }) =>
        `Instance ${instance} FAILed ${failed === 1 ? 'once' : `${failed} times`} though it runs the same build: check its host.`,
    ),
    ...placebo.margins.map(({ metric, now, holds }) =>
      holds === null
        ? `No margin tried for ${metric} holds between instances; now it is ${now}.`
        : `Between instances, a margin for ${metric} of ${holds} holds; now it is ${now}.`,
    ),
  ]
}

function time(seconds: number | null): string {
  return seconds === null ? '-' : duration(seconds)
}

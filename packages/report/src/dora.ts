import type { Dora, DoraAnswer, DoraMedian } from '@coalmine/comparator'
import { count, counted, duration, number, percent } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import type { Ink } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'

// With more services than this, each gets one line without the details of the count.
const mostInFull = 3

/**
 * Formats the five delivery metrics as text, each with how it was counted.
 *
 * @example doraText({ since, until, services: [] }, { colors: false }) // 'No deploys ...'
 */
export function doraText(untrusted: DoraAnswer, options: { readonly colors: boolean }): string {
  const { since, until, services } = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const days = Math.round((Date.parse(until) - Date.parse(since)) / 86_400_000)
  const window = `from ${since.slice(0, 10)} to ${until.slice(0, 10)}, ${counted(days, 'day')}`
  if (services.length === 0)
    return `No deploys ${window}: report them with "coalmine deploy"; with --service, builds that nobody reported count too.\n`
  const lines =
    services.length > mostInFull ? ['', ...overview(services, ink)] : services.flatMap((one) => inFull(one, ink))
  return [`Delivery ${window}`, ...lines, ''].join('\n')
}

function inFull(one: Dora, ink: Ink): string[] {
  const { service, deploys, leadTime, perWeek, between, recoveryTime, failed, reworks, bundled } = one
  const rows = [
    [
      'change lead time',
      told(leadTime),
      leadTime.of === 0
        ? 'no deploy says when its change was committed'
        : `from commit to first request: median of ${of(leadTime.of, deploys)} whose commit's time is known`,
    ],
    [
      'deployment frequency',
      `${number(perWeek)} a week`,
      between.of === 0 ? '' : `median ${told(between)} from one to the next`,
    ],
    [
      'failed deployment recovery time',
      told(recoveryTime),
      failed === 0 ? 'none failed' : `from proof of harm to the build's last request: ${recovered(one)}`,
    ],
    [
      'change fail rate',
      share(one.failRate),
      failed === 0 ? `none of ${count(deploys)}` : `${count(failed)} of ${count(deploys)}: ${where(one)}`,
    ],
    [
      'deployment rework rate',
      share(one.reworkRate),
      `${reworks === 0 ? 'none' : count(reworks)} of ${count(deploys)}: within a day of a failed one, back to an earlier build, or called a hotfix or revert`,
    ],
  ]
  const bundles =
    bundled === 0
      ? []
      : ['', `  ${of(bundled, deploys)} bundle several changes, so it is not known which of them did harm.`]
  return [
    '',
    ink.bold(`${service}: ${counted(deploys, 'deploy')}`),
    ...table(rows).map((line) => `  ${line}`),
    ...bundles,
  ]
}

function overview(services: readonly Dora[], ink: Ink): string[] {
  const head = [
    'service',
    'deploys',
    'a week',
    'lead time',
    'recovery',
    'fail rate',
    'in canary',
    'at full traffic',
    'rework',
  ]
  const rows = services.map((one) => [
    one.service,
    count(one.deploys),
    number(one.perWeek),
    told(one.leadTime),
    told(one.recoveryTime),
    share(one.failRate),
    count(one.caughtInCanary),
    count(one.atFullTraffic),
    share(one.reworkRate),
  ])
  return table([head.map((cell) => ink.dim(cell)), ...rows]).map((line) => `  ${line}`)
}

const told = ({ seconds }: DoraMedian): string => (seconds === null ? '-' : duration(Math.round(seconds)))

const share = (value: number | null): string => (value === null ? '-' : percent(value))

const of = (some: number, all: number): string => `${count(some)} of ${counted(all, 'deploy')}`

function recovered({ recoveryTime, failed, notRecovered }: Dora): string {
  const still = notRecovered === 0 ? '' : `; ${count(notRecovered)} ${notRecovered === 1 ? 'serves' : 'serve'} still`
  return `median of ${count(recoveryTime.of)} of ${count(failed)} that failed${still}`
}

function where({ caughtInCanary, atFullTraffic, shareNotKnown }: Dora): string {
  return [
    `${count(caughtInCanary)} caught in a canary`,
    `${count(atFullTraffic)} at full traffic`,
    ...(shareNotKnown > 0 ? [`${count(shareNotKnown)} too long ago to know`] : []),
  ].join(', ')
}

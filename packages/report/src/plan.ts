import type { Plan, PlannedCanary, PlannedTime } from '@coalmine/comparator'
import { duration, number, percent } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { printableData } from './printable.ts'
import { table } from './table.ts'

/** The answer of the server's plan route. */
export interface PlanFacts extends Plan {
  readonly service: string
  readonly stable: string
  readonly window: { readonly start: string; readonly end: string }
}

/** How many findings a text shows for each canary; the JSON has them all. */
const mostFindings = 6

/**
 * Formats a plan as text: how long a canary takes to reach each answer, for the whole service and for its operations.
 *
 * @example console.log(planText(plan, { colors: false }))
 */
export function planText(untrusted: PlanFacts, options: { readonly colors: boolean }): string {
  const plan = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const { service, stable, share, power, requestsPerSecond, canaries, window, smallestShare } = plan
  const often = percent(power)
  const head = ['', 'metric', 'operation', 'margin', 'half by', `${often} by`].map((cell) => ink.dim(cell))
  const rows = canaries.flatMap((canary) => [
    verdictRow(canary),
    ...shownFindings(canary).map((one) => findingRow(one, canary)),
  ])
  return [
    `${ink.bold(service)}: a canary of ${percent(share)} beside ${stable}, ${number(requestsPerSecond * share)} of ${number(requestsPerSecond)} requests/s`,
    '',
    ...table([head, ...rows]).map((line) => `  ${line}`),
    '',
    ...(smallestShare === null ? [] : [`  ${shareSentence(smallestShare)}`]),
    ...plan.notPlanned.map(
      (metric) => `  ${ink.dim('note')}  ${ink.dim(`${metric} is not planned: the store has no summaries of it.`)}`,
    ),
    `  ${ink.dim('from')}  ${ink.dim(`${window.start} to ${window.end}; ${plan.runs} simulated canaries for each answer`)}`,
    '',
  ].join('\n')

  /** The findings that take longest, since a PASS waits for all of them. None if there is just one: it equals the verdict. */
  function shownFindings({ findings }: PlannedCanary): PlannedCanary['findings'] {
    if (findings.length === 1) return []
    const time = ({ planned, median }: PlannedTime): number => planned ?? 1e9 + (median ?? 1e9)
    return [...findings].sort((a, b) => time(b) - time(a)).slice(0, mostFindings)
  }

  function verdictRow(canary: PlannedCanary): string[] {
    const { effect } = canary
    const answer = effect === null ? ink.green('PASS') : ink.red('FAIL')
    const what = effect === null ? 'like stable' : effect
    return [answer, what, ink.dim('(verdict)'), '', ...times(canary, canary)]
  }

  function findingRow(finding: PlannedCanary['findings'][number], canary: PlannedCanary): string[] {
    const where = finding.operation ?? ink.dim('(whole service)')
    return ['', `  ${finding.metric}`, where, finding.margin, ...times(finding, canary)]
  }

  function shareSentence({ withinSeconds, share: found }: NonNullable<Plan['smallestShare']>): string {
    const time = duration(withinSeconds)
    if (found === null) return `Not even half of the traffic gives every answer within ${time}, ${often} of the time.`
    return `${percent(found)} of the traffic is the smallest share that gives every answer within ${time}, ${often} of the time.`
  }
}

function times({ median, planned }: PlannedTime, { horizonSeconds }: PlannedCanary): string[] {
  return [median, planned].map((seconds) => (seconds === null ? `> ${duration(horizonSeconds)}` : duration(seconds)))
}

import type { Burn, JourneyBudget, SloAnswer } from '@coalmine/comparator'
import { count, goodPercent, latency, number, percent, roughly } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import type { Ink } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'
import { wrapped } from './wrap.ts'

/** Options for text about error budgets. */
export interface SloTextOptions {
  readonly colors: boolean
  /** Width of the terminal in characters; if undefined, sentences are not wrapped. */
  readonly width?: number | undefined
}

// With more journeys than this, only those in trouble get sentences.
const mostInWords = 3

/**
 * Formats error budgets as text: for each objective a table of its journeys with their builds, followed by notes.
 *
 * @example sloText({ budgets }, { colors: false }) // 'Error budgets as of 2026-11-30 12:00:05 UTC\n\nstorefront cart: ...'
 */
export function sloText(untrusted: SloAnswer, { colors, width }: SloTextOptions): string {
  const { budgets } = printableData(untrusted)
  const ink = pc.createColors(colors)
  if (budgets.length === 0) return 'No journeys yet: no requests of these services have been counted.\n'
  const slos = [...new Set(budgets.map(({ slo }) => slo))].map((slo) => budgets.filter((one) => one.slo === slo))
  const lines = slos.flatMap((journeys) => ['', ...sloLines(journeys, ink)])
  return [`Error budgets as of ${moment(budgets)}`, ...lines, '']
    .flatMap((line) => (line.startsWith('    ') && !line.startsWith('     ') ? wrapped(line, width, 4) : [line]))
    .join('\n')
}

function moment(budgets: readonly JourneyBudget[]): string {
  const last = budgets
    .map(({ asOf }) => asOf)
    .sort()
    .at(-1)!
  return `${last.slice(0, 10)} ${last.slice(11, 19)} UTC`
}

function sloLines(journeys: readonly JourneyBudget[], ink: Ink): string[] {
  const { slo, service, objective, windowSeconds, latencySeconds } = journeys[0]!
  const bad =
    latencySeconds === null ? 'errors are bad' : `errors and requests slower than ${latency(latencySeconds)} are bad`
  const name = slo === service ? ink.bold(service) : `${ink.bold(service)} ${slo}`
  const worstFirst = journeys.toSorted((a, b) => (a.budget?.leftShare ?? 9) - (b.budget?.leftShare ?? 9))
  const head = ['', 'requests', 'good', 'budget left', 'burn 5 min', '1 h', '6 h', '3 days', 'lasts']
  const rows = worstFirst.flatMap((journey) => [journeyRow(journey, ink), ...buildRows(journey, ink)])
  const inWords = worstFirst.filter((one) => journeys.length <= mostInWords || isTrouble(one))
  return [
    `${name}: ${percent(objective, 10)} of ${roughly(windowSeconds)}; ${bad}`,
    '',
    ...table([head.map((cell) => ink.dim(cell)), ...rows]).map((line) => `  ${line}`),
    ...inWords.flatMap((journey) => ['', `  ${nameOf(journey)}`, ...journey.messages.map((line) => `    ${line}`)]),
  ]
}

function isTrouble({ budget, cohorts }: JourneyBudget): boolean {
  return (budget !== null && budget.left <= 0) || cohorts.some((one) => one.isHarmful)
}

const nameOf = ({ operation }: JourneyBudget): string => operation ?? 'all requests'

function journeyRow(journey: JourneyBudget, ink: Ink): string[] {
  const { window, compliance, objective, budget, burn, lasts } = journey
  const good = compliance === null ? '-' : goodPercent(compliance, objective)
  return [
    nameOf(journey),
    count(window.requests),
    compliance !== null && compliance < objective ? ink.red(good) : good,
    budget === null ? `${count(window.bad)} bad` : leftText(budget, ink),
    ...burns(burn, ink),
    lastsCell(lasts),
  ]
}

function lastsCell(lasts: JourneyBudget['lasts']): string {
  if (lasts === null) return '-'
  if (lasts.seconds === 0) return 'gone'
  return lasts.seconds === null ? 'over a year' : roughly(lasts.seconds)
}

function leftText({ left, leftShare }: NonNullable<JourneyBudget['budget']>, ink: Ink): string {
  if (left <= 0) return ink.red(`none, ${count(-left)} over`)
  const text = `${percent(leftShare)}, ${count(left)}`
  return leftShare < 0.25 ? ink.yellow(text) : text
}

/** A row for each build if several serve at once; a single build equals the journey itself. */
function buildRows({ cohorts }: JourneyBudget, ink: Ink): string[][] {
  if (cohorts.length < 2) return []
  return cohorts.map((cohort) => [
    `  ${cohort.build === '' ? '(no build)' : cohort.build}, ${percent(cohort.share, 2)}`,
    '',
    '',
    cohort.excess?.spent ? `cost ${percent(cohort.excess.spent, 2)}` : '',
    ...burns(cohort.burn, ink),
    '',
  ])
}

const fast = 14.4

function burns({ last5m, last1h, last6h, last3d }: JourneyBudget['burn'], ink: Ink): string[] {
  return [last5m, last1h, last6h, last3d].map((burn) => burnText(burn, ink))
}

/** The burn rate, or the counts if there is no rate. */
function burnText({ requests, bad, rate }: Burn, ink: Ink): string {
  if (requests === 0) return '-'
  if (rate === null) return ink.dim(`${count(bad)} of ${count(requests)}`)
  const text = number(rate)
  return rate >= fast ? ink.red(text) : rate > 1 ? ink.yellow(text) : text
}

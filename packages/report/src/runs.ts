import type {
  RunsAnswer,
  ServiceUsers,
  TestRunAnswer,
  UsersEffect,
  UsersFinding,
  UsersLevel,
  UsersOutcome,
} from '@coalmine/comparator'
import { count, duration, latency, number, percent } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import type { Ink } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'

const mostOperations = 10
const mostFindings = 8

/**
 * Formats test runs as text, newest first, one line each.
 *
 * @example runsText({ since, until, runs: [] }, { colors: false }) // 'No test runs ...'
 */
export function runsText(untrusted: RunsAnswer, { colors }: { readonly colors: boolean }): string {
  const { since, until, runs } = printableData(untrusted)
  const ink = pc.createColors(colors)
  const window = `from ${since.slice(0, 10)} to ${until.slice(0, 10)}`
  if (runs.length === 0)
    return `No test runs ${window}: "coalmine sign --run NAME" marks the requests of one. Spans stored by an older Coalmine have none.\n`
  const head = ['run', 'owner', 'began', 'for', 'ended', 'requests', 'failed', 'services', 'users', '']
  const rows = runs.map((one) => [
    one.run === '' ? ink.dim('no run named') : ink.bold(one.run),
    one.owner ?? '-',
    minute(one.startedAt),
    duration(seconds(one, until)),
    stateText(one, ink),
    count(one.requests),
    count(one.errors),
    one.services.length > 2 ? `${one.services[0]} and ${one.services.length - 1} more` : one.services.join(', '),
    one.users === null ? '-' : outcomeText(one.users.outcome, ink),
    one.users?.outcome === 'hurt' ? one.users.message : '',
  ])
  return [`Test runs ${window}`, '', ...table([head.map((cell) => ink.dim(cell)), ...rows]), ''].join('\n')
}

/**
 * Formats one test run as text: what it did, where it wrote, and how it affected users.
 *
 * @example runText(answer, { colors: false, nowMs: Date.now() }) // 'load-7  finished ...'
 */
export function runText(
  untrusted: TestRunAnswer,
  { colors, nowMs }: { readonly colors: boolean; readonly nowMs: number },
): string {
  const one = printableData(untrusted)
  const ink = pc.createColors(colors)
  const until = new Date(nowMs).toISOString()
  const facts = [
    ['owner', one.owner ?? 'not said: coalmine sign --owner NAME says it'],
    [
      'began',
      `${second(one.startedAt)}, ${one.endedAt === null ? 'goes on for' : 'went on for'} ${duration(seconds(one, until))}`,
    ],
    ['ended', endText(one)],
    ['requests', `${count(one.requests)}, of which ${count(one.errors)} failed`],
    ['entities', count(one.entities)],
    ['services', one.services.join(', ')],
    ['flags', one.flags.length === 0 ? 'none' : one.flags.join(', ')],
    ['writes', writesText(one)],
  ]
  return [
    `${ink.bold(one.run)}  ${stateText(one, ink)}`,
    '',
    ...table(facts.map(([name, value]) => [ink.dim(name!), value!])).map((line) => `  ${line}`),
    ...operationsOf(one, ink),
    ...targetsOf(one, ink),
    ...(one.users === null ? ['', 'Users: not judged yet'] : usersOf(one.users, ink)),
    '',
  ].join('\n')
}

/**
 * Formats how a run has affected users so far, in one line.
 *
 * @example runLine(answer, Date.now()) // 'load-7  for 2 min  1 200 requests  users: inconclusive'
 */
export function runLine(untrusted: TestRunAnswer, nowMs: number): string {
  const one = printableData(untrusted)
  const users = one.users === null ? 'not judged yet' : `${words[one.users.outcome]}: ${one.users.message}`
  const long = duration(seconds(one, new Date(nowMs).toISOString()))
  return `${one.run}  ${one.state}  ${long}  ${count(one.requests)} requests  users ${users}`
}

const words: Readonly<Record<UsersOutcome, string>> = {
  hurt: 'HURT',
  unharmed: 'unharmed',
  inconclusive: 'inconclusive',
}

function outcomeText(outcome: UsersOutcome, ink: Ink): string {
  const paint = { hurt: ink.red, unharmed: ink.green, inconclusive: ink.yellow }[outcome]
  return paint(words[outcome])
}

function stateText({ state }: TestRunAnswer, ink: Ink): string {
  const paint = { running: ink.cyan, revoked: ink.red, expired: ink.yellow, finished: ink.dim }[state]
  return paint(state)
}

const seconds = ({ startedAt, endedAt }: TestRunAnswer, until: string): number =>
  Math.max(0, Date.parse(endedAt ?? until) - Date.parse(startedAt)) / 1000

const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ')

const second = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`

function endText({ state, endedAt, expiresAt, revoked }: TestRunAnswer): string {
  switch (state) {
    case 'running':
      return expiresAt === null ? 'not yet' : `not yet; its markers end at ${second(expiresAt)}`
    case 'revoked': {
      if (revoked === null) return 'revoked'
      const after =
        revoked.lastSeenAfterSeconds === null
          ? 'none of its requests was accepted after that'
          : `its last request was believed ${number(revoked.lastSeenAfterSeconds)} s after that`
      return `revoked at ${second(revoked.at)} by ${revoked.by}: ${revoked.why}; ${after}`
    }
    case 'expired':
      return `its markers ended at ${second(endedAt!)}`
    case 'finished':
      return `last seen at ${second(endedAt!)}`
  }
}

function writesText({ writes: { apart, withUsers } }: TestRunAnswer): string {
  if (apart + withUsers === 0) return 'none seen'
  if (withUsers === 0) return `${count(apart)}, all of them apart from users' data`
  return `${count(apart)} apart from users' data, ${count(withUsers)} where users' requests write too`
}

function operationsOf({ operations }: TestRunAnswer, ink: Ink): string[] {
  if (operations.length === 0) return []
  const rows = operations
    .slice(0, mostOperations)
    .map(({ service, operation, requests, errors }) => [service, operation, count(requests), count(errors)])
  const more = operations.length - mostOperations
  return [
    '',
    ...table([['service', 'operation', 'requests', 'failed'].map((cell) => ink.dim(cell)), ...rows]).map(
      (line) => `  ${line}`,
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

function targetsOf({ writes: { targets } }: TestRunAnswer, ink: Ink): string[] {
  if (targets.length === 0) return []
  const rows = targets
    .slice(0, mostOperations)
    .map(({ service, target, writes, usersWrites }) => [
      service,
      target,
      count(writes),
      usersWrites === 0 ? 'apart' : ink.yellow(`users too: ${count(usersWrites)}`),
    ])
  return [
    '',
    ...table([['service', 'wrote to', 'writes', ''].map((cell) => ink.dim(cell)), ...rows]).map((line) => `  ${line}`),
  ]
}

function usersOf({ outcome, message, matched, falseAlarmRate, services }: UsersEffect, ink: Ink): string[] {
  const length = (blocks: number): string => duration(blocks * matched.blockSeconds)
  const against =
    matched.after > 0
      ? `${length(matched.before)} before and ${length(matched.after)} after`
      : `${length(matched.before)} before`
  return [
    '',
    `Users: ${ink.bold(outcomeText(outcome, ink))}  ${message}`,
    `  against ${against}, in blocks of ${matched.blockSeconds} s; at most ${percent(falseAlarmRate)} of harmless runs are called harmful`,
    ...services.flatMap((one) => ['', ...serviceLines(one, services.length > 1, ink)]),
  ]
}

function serviceLines(
  { service, outcome, message, during, without, moreErrors, provedAt, findings }: ServiceUsers,
  isOneOfSome: boolean,
  ink: Ink,
): string[] {
  const level = (name: string, one: UsersLevel): string[] => [
    ink.dim(name),
    count(one.requests),
    `${number(one.requestsPerSecond)}/s`,
    one.errorShare === null ? '-' : percent(one.errorShare),
    ...[one.p50, one.p90, one.p99].map((value) => (value === null ? '-' : latency(value))),
  ]
  const rows = [
    ['', 'requests', 'rate', 'errors', 'p50', 'p90', 'p99'].map((cell) => ink.dim(cell)),
    level('without it', without),
    level('during it', during),
  ]
  const shown = findings.filter(({ decision }) => decision !== 'pass').slice(0, mostFindings)
  return [
    `  ${ink.bold(service)}${isOneOfSome ? `  ${outcomeText(outcome, ink)}  ${message}` : ''}`,
    ...table(rows).map((line) => `    ${line}`),
    ...(outcome === 'hurt' && moreErrors !== null && moreErrors > 0
      ? [`    about ${count(moreErrors)} more requests of users failed than would have without it`]
      : []),
    ...(provedAt === null ? [] : [`    proved at ${second(provedAt)}`]),
    ...(shown.length === 0 ? [] : table(shown.map((one) => findingRow(one, ink))).map((line) => `    ${line}`)),
  ]
}

function findingRow({ metric, operation, decision, without, during, unit, margin }: UsersFinding, ink: Ink): string[] {
  const value = (one: number | null): string => {
    if (one === null) return '-'
    return unit === 'seconds' ? latency(one) : unit === 'share' ? percent(one) : number(one)
  }
  const told = { fail: ink.red('worse'), inconclusive: ink.yellow('not decided'), pass: ink.green('within') }[decision]
  return [
    told,
    metric,
    operation ?? 'all operations',
    `${value(without)} -> ${value(during)}`,
    ink.dim(`margin ${margin}`),
  ]
}

import { count, counted, daysText, percent, shareText } from '../numbers.ts'
import { closest } from '../policy/closest.ts'
import type { FlagReport, FlagsAnswer, FlagVariant } from './flag-report.ts'

/** A place in source code that names a flag. */
export interface FlagReference {
  readonly file: string
  readonly line: number
  /** The line itself. */
  readonly text: string
}

/** Whether a flag, or the code behind it, may be removed. */
export interface FlagRemoval {
  readonly flag: string
  /** The variant whose code stays; null if the flag itself is to be removed. */
  readonly keep: string | null
  readonly verdict: 'pass' | 'fail'
  /** What prevents the removal, in sentences. */
  readonly problems: readonly string[]
  /** Further notes: what was seen, and what cannot be known. */
  readonly notes: readonly string[]
  /** Where the code still names it; also empty if no code was searched. */
  readonly references: readonly FlagReference[]
  /** Its state, by service and environment. */
  readonly flags: readonly FlagReport[]
}

const dayMs = 86_400_000

/**
 * Whether the code behind a flag may be removed, except for the variant to keep; without `keep`, whether the flag itself may be removed,
 * in which case nothing may evaluate it any more.
 *
 * @example flagRemoval({ answer, flag: 'new-pricing', keep: 'on', withinDays: 14, references: [] }).verdict // 'pass'
 */
export function flagRemoval({
  answer,
  flag,
  keep = null,
  withinDays,
  references,
  others = [],
}: {
  readonly answer: FlagsAnswer
  readonly flag: string
  readonly keep?: string | null
  /** Requests that met another variant within this many days prevent the removal. */
  readonly withinDays: number
  /** Undefined if no code was searched. */
  readonly references: readonly FlagReference[] | undefined
  /** Keys of other flags that were evaluated, to suggest one if this flag was never seen and may be mistyped. */
  readonly others?: readonly string[]
}): FlagRemoval {
  const nowMs = Date.parse(answer.at)
  const flags = answer.flags.filter((one) => one.flag === flag)
  const met = flags.filter(({ lastSeen }) => lastSeen !== null)
  const each = met.map((one) => ofPlace(one, { keep, withinDays, nowMs }))
  const named = references ?? []
  const files = new Set(named.map(({ file }) => file)).size
  const problems = [
    ...each.flatMap((one) => one.problems),
    ...(flags.some(({ state }) => state === 'permanent') ? ['it is declared permanent in coalmine.yaml'] : []),
    ...(named.length === 0
      ? []
      : [
          `${count(files)} ${files === 1 ? 'file still names' : 'files still name'} it, in ${counted(named.length, 'line')}:`,
        ]),
  ]
  const notes = [
    ...each.flatMap((one) => one.notes),
    ...(met.length === 0 ? [neverMet(flags, nowMs), ...othersText(flag, others)] : [seenText(met, nowMs)]),
    ...(references === undefined ? ['No source code was searched: --code DIR does.'] : []),
  ]
  return { flag, keep, verdict: problems.length > 0 ? 'fail' : 'pass', problems, notes, references: named, flags }
}

interface Asked {
  readonly keep: string | null
  readonly withinDays: number
  readonly nowMs: number
}

interface Told {
  readonly problems: readonly string[]
  readonly notes: readonly string[]
}

function ofPlace(one: FlagReport, { keep, withinDays, nowMs }: Asked): Told {
  const place = [one.service, one.environment].filter((text) => text !== '').join(', ')
  const isLate = ({ lastSeen }: { readonly lastSeen: string }): boolean =>
    nowMs - Date.parse(lastSeen) <= withinDays * dayMs
  const ago = (moment: string): string => {
    const days = (nowMs - Date.parse(moment)) / dayMs
    return days < 1 / 24 ? 'within the hour' : `${daysText(days)} ago`
  }
  const asking = one.builds
    .filter((build) => build.still && isLate(build))
    .map(({ build, lastSeen }) => `${build || 'a build without a version'} (last ${ago(lastSeen)})`)
  const asks =
    asking.length === 0
      ? []
      : [
          `${place}: ${asking.length === 1 ? 'build' : 'builds'} ${asking.join(', ')} still ${asking.length === 1 ? 'asks' : 'ask'} for it`,
        ]
  const late = one.variants.filter(isLate)
  if (keep === null) {
    const [top] = byRecent(late)
    const hint =
      late.length === 1 && asks.length > 0
        ? [`${place}: users get only ${top!.variant}; --keep ${top!.variant} asks whether the code may go.`]
        : []
    const behind = late.map((variant) => behindText(place, variant, ago))
    return { problems: [...asks, ...(late.length > 1 ? behind : [])], notes: hint }
  }
  const others = late.filter(({ variant }) => variant !== keep)
  const [top] = byRecent(late)
  const isOther = top !== undefined && top.variant !== keep
  const share = top?.share7 ?? top?.share30
  return {
    problems: [
      ...(isOther
        ? [
            `${place}: users get ${top.variant}${share === null || share === undefined ? '' : ` (${shareText(share)})`}, not ${keep}`,
          ]
        : []),
      ...others.map((variant) => behindText(place, variant, ago)),
    ],
    notes: [
      ...asks.map((text) => `${text}: the flag must stay until none does.`),
      ...(others.length === 0 ? boundText(place, one, keep, ago) : []),
    ],
  }
}

const byRecent = (variants: readonly FlagVariant[]): readonly FlagVariant[] =>
  variants.toSorted((a, b) => b.requests7 - a.requests7 || b.requests30 - a.requests30)

function behindText(place: string, one: FlagVariant, ago: (moment: string) => string): string {
  const share = one.share30 === null ? '' : `, ${shareText(one.share30)}`
  return `${place}: ${counted(one.requests30, 'request')} got ${one.variant} within 30 days${share}; the last ${ago(one.lastSeen)}`
}

/** With n requests and none on another variant, its share is below 3/n at 95 %: https://en.wikipedia.org/wiki/Rule_of_three_(statistics) */
function boundText(place: string, one: FlagReport, keep: string, ago: (moment: string) => string): string[] {
  const kept = one.variants.find(({ variant }) => variant === keep)
  const before = one.variants.filter(({ variant, requests30 }) => variant !== keep && requests30 > 0)
  const [n, days] = before.length === 0 ? [kept?.requests30 ?? 0, 30] : [kept?.requests7 ?? 0, 7]
  return [
    ...before.map(({ variant, lastSeen }) => `${place}: ${variant} was met last ${ago(lastSeen)}.`),
    ...(n === 0 || (days === 7 && n < one.requests7)
      ? []
      : [
          `${place}: none of ${count(n)} requests within ${days} days got another variant than ${keep}: less than ${percent(Math.min(1, 3 / n), 2)} do (95 %).`,
        ]),
  ]
}

function seenText(met: readonly FlagReport[], nowMs: number): string {
  const since = Math.min(...met.map(({ knownSince, firstSeen }) => Date.parse(knownSince ?? firstSeen!)))
  const days = Math.min(30, (nowMs - since) / dayMs)
  const short = days < 29 ? ' Users who come once a month may be missing.' : ''
  return `Based on users' requests of ${daysText(days)} whose spans arrived.${short} If spans are sampled, the bounds hold for all requests only if sampling ignores the flag.`
}

const mostOthers = 5

function othersText(flag: string, others: readonly string[]): string[] {
  if (others.length === 0) return []
  const near = closest(flag, others)
  if (near !== undefined) return [`Is it mistyped? There is a flag ${near}.`]
  const more = others.length - mostOthers
  return [
    `Flags that were met: ${others.slice(0, mostOthers).join(', ')}${more > 0 ? `, and ${count(more)} more` : ''}.`,
  ]
}

function neverMet(flags: readonly FlagReport[], nowMs: number): string {
  const since = flags.map(({ knownSince }) => knownSince).find((moment) => moment !== null)
  return since === undefined || since === null
    ? 'No request of users has met it.'
    : `No user request whose spans arrived has met it in the last ${daysText((nowMs - Date.parse(since)) / dayMs)}.`
}

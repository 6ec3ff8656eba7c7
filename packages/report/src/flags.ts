import type { FlagRemoval, FlagReport, FlagsAnswer, FlagVariant } from '@coalmine/comparator'
import { count, daysText, shareText } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import type { Ink } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'

const mostVariants = 3
const dayMs = 86_400_000

/**
 * Formats flags as text: the state of each, the variants users got, and which flags can be removed.
 *
 * @example flagsText({ at, flags: [] }, { colors: false }) // 'No flags ...'
 */
export function flagsText(untrusted: FlagsAnswer, options: { readonly colors: boolean }): string {
  const { at, flags } = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  if (flags.length === 0)
    return `No flags: no request of users has met one. How spans get them: README of @coalmine/flags, "coalmine doctor" tells what arrives.\n`
  const nowMs = Date.parse(at)
  const hasEnvironments = flags.some(({ environment }) => environment !== '')
  const hasOwners = flags.some(({ owner }) => owner !== null)
  const row = (cells: readonly string[], environment: string, owner: string): string[] => [
    ...cells.slice(0, 2),
    ...(hasEnvironments ? [environment] : []),
    ...cells.slice(2),
    ...(hasOwners ? [owner] : []),
  ]
  const head = ['flag', 'service', 'state', '7 days', '30 days', 'requests', 'last seen', 'builds', 'last change']
  const rows = flags.map((one) =>
    row(
      [
        one.flag,
        one.service || '-',
        inState(one.state, ink),
        sharesText(one.variants, 'share7'),
        sharesText(one.variants, 'share30'),
        count(one.requests30),
        ago(one.lastSeen, nowMs),
        buildsText(one),
        changeText(one, nowMs),
      ],
      one.environment || '-',
      one.owner ?? '-',
    ),
  )
  return [
    ...table([row(head, 'environment', 'owner').map((cell) => ink.dim(cell)), ...rows]),
    '',
    ...notes(flags, ink),
  ].join('\n')
}

function inState(state: FlagReport['state'], ink: Ink): string {
  if (state === 'unseen' || state === 'settled') return ink.green(state)
  return state === 'stuck' ? ink.yellow(state) : state
}

function sharesText(variants: readonly FlagVariant[], over: 'share7' | 'share30'): string {
  const met = variants.filter((one) => (one[over] ?? 0) > 0).sort((a, b) => b[over]! - a[over]!)
  if (met.length === 0) return '-'
  const shown = met.slice(0, mostVariants).map((one) => `${one.variant} ${shareText(one[over]!)}`)
  const more = met.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

/** How long ago a moment was; `-` for null. */
function ago(moment: string | null, nowMs: number): string {
  if (moment === null) return '-'
  const days = (nowMs - Date.parse(moment)) / dayMs
  return days < 1 / 24 ? 'now' : `${daysText(days)} ago`
}

function buildsText({ builds }: FlagReport): string {
  const still = builds.filter((one) => one.still).map(({ build }) => build || '(no version)')
  if (still.length === 0) return 'none'
  return still.length > 2 ? `${still.slice(0, 2).join(', ')}, ${still.length - 2} more` : still.join(', ')
}

function changeText({ lastChange }: FlagReport, nowMs: number): string {
  if (lastChange === null) return '-'
  const { at, author, verdict } = lastChange
  return [ago(at, nowMs), author && `by ${author}`, verdict?.verdict.toUpperCase()].filter(Boolean).join(' ')
}

const mostNotes = 20

/** What can be done about each flag, in sentences; nothing about flags that are simply live. */
function notes(flags: readonly FlagReport[], ink: Ink): string[] {
  const told = flags.filter(({ state }) => ['unseen', 'settled', 'stuck'].includes(state))
  if (told.length === 0) return ['None can be removed yet.', '']
  const where = ({ service, environment }: FlagReport): string =>
    [service, environment].filter((text) => text !== '').join(', ')
  const lines = told.slice(0, mostNotes).map((one) => {
    const at = where(one)
    return `  ${ink.bold(one.flag)}${at === '' ? '' : ` (${at})`}: ${one.text}`
  })
  const more = told.length - lines.length
  return [
    'To look at:',
    ...lines,
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
    '',
    `Before code goes: coalmine flags check ${told[0]!.flag}`,
    '',
  ]
}

const mostReferences = 20

/**
 * Formats whether a flag can be removed: what stands in the way, and what was checked.
 *
 * @example flagRemovalText(removal, { colors: true }) // 'new-pricing cannot be removed yet: ...'
 */
export function flagRemovalText(untrusted: FlagRemoval, options: { readonly colors: boolean }): string {
  const { flag, keep, verdict, problems, notes: also, references } = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const what = keep === null ? flag : `the code of ${flag}, except for ${keep},`
  const more = references.length - mostReferences
  return [
    verdict === 'pass' ? ink.green(`${what} can be removed`) : ink.red(`${what} cannot be removed yet:`),
    ...problems.map((text) => `  ${text}`),
    ...references
      .slice(0, mostReferences)
      .map(({ file, line, text }) => `    ${file}:${line}  ${ink.dim(text.slice(0, 100))}`),
    ...(more > 0 ? [`    and ${count(more)} more`] : []),
    ...(also.length > 0 ? ['', ...also] : []),
    '',
  ].join('\n')
}

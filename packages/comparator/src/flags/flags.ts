import { daysText, shareText } from '../numbers.ts'
import type { FlagComparison, FlagLastChange, FlagReport, FlagState, FlagsAnswer, FlagVariant } from './flag-report.ts'
import { type FlagDays, type FlagRules, flagRuleOf } from './flag-rules.ts'

/** A store's data on a variant: requests within each of the requested numbers of days. Times are milliseconds since 1970. */
export interface FlagVariantSeen {
  readonly service: string
  readonly environment: string
  readonly flag: string
  readonly variant: string
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: readonly number[]
}

/** A store's data on a build that evaluated a flag; the empty name stands for all requests. */
export interface FlagBuildSeen {
  readonly service: string
  readonly environment: string
  readonly flag: string
  readonly build: string
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
}

/** The data behind the report on flags. */
export interface FlagsSeen {
  readonly variants: readonly FlagVariantSeen[]
  readonly builds: readonly FlagBuildSeen[]
  readonly known: readonly { readonly service: string; readonly sinceMs: number }[]
}

/** A change of a flag; an empty service or environment means all of them. */
export interface FlagChangeSeen extends FlagLastChange {
  readonly flag: string
  readonly service: string
  readonly environment: string
}

/** A comparison of variants that settled. */
export interface FlagComparisonSeen extends FlagComparison {
  readonly flag: string
  readonly service: string
}

const dayMs = 86_400_000
/** From this share on a variant counts as the only one: the rest are manual tests and stale caches. */
const alone = 0.999
// Shares that move by no more than this count as unchanged.
const standsStill = 0.02
const stillMs = dayMs

/**
 * The numbers of days of requests to query to determine the states of flags.
 *
 * @example daysToRead(usualFlagRules) // [7, 10, 14, 20, 30]
 */
export function daysToRead(rules: FlagRules): readonly number[] {
  const all = [rules.days, ...[...rules.keys.values()].map(({ days }) => days)]
  const wanted = all.flatMap(({ settled, stuck }) => [settled, ...thirds(stuck)])
  return [...new Set([7, 30, ...wanted])].sort((a, b) => a - b)
}

const thirds = (days: number): readonly [number, number, number] => [
  Math.max(1, Math.round(days / 3)),
  Math.max(1, Math.round((2 * days) / 3)),
  days,
]

/**
 * Reports the state of each flag, for every service and environment that met it, and of declared flags that were never met.
 *
 * @example flagsOf({ seen, changes: [], comparisons: [], rules: usualFlagRules, nowMs: Date.now() }).flags[0]?.state // 'settled'
 */
export function flagsOf(from: {
  readonly seen: FlagsSeen
  readonly changes: readonly FlagChangeSeen[]
  readonly comparisons: readonly FlagComparisonSeen[]
  readonly rules: FlagRules
  readonly nowMs: number
  /** Report only this flag, even if nothing is known about it. */
  readonly flag?: string | undefined
}): FlagsAnswer {
  const { seen, rules, nowMs, flag } = from
  const groups = new Map<string, FlagVariantSeen[]>()
  for (const one of seen.variants) {
    const key = JSON.stringify([one.flag, one.service, one.environment])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const index = indexOf(from)
  const reports = [...groups.values()].map((variants) => reportOf(variants, index, from))
  const met = new Set(seen.variants.map((one) => one.flag))
  const never = [...new Set([...rules.keys.keys(), ...(flag === undefined ? [] : [flag])])].filter(
    (key) => !met.has(key) && (flag === undefined || key === flag),
  )
  return {
    at: new Date(nowMs).toISOString(),
    flags: [...reports, ...never.map((key) => neverSeen(key, from))].sort(
      (a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state) || compareTexts(a, b),
    ),
  }
}

const urgency: readonly FlagState[] = ['unseen', 'settled', 'stuck', 'mixed', 'new', 'permanent']

function compareTexts(a: FlagReport, b: FlagReport): number {
  const key = ({ flag, service, environment }: FlagReport): string => [flag, service, environment].join('\0')
  return key(a) < key(b) ? -1 : 1
}

interface Index {
  readonly builds: ReadonlyMap<string, readonly FlagBuildSeen[]>
  readonly changes: ReadonlyMap<string, readonly FlagChangeSeen[]>
  readonly comparisons: ReadonlyMap<string, readonly FlagComparisonSeen[]>
  readonly since: ReadonlyMap<string, number>
}

type From = Parameters<typeof flagsOf>[0]

// Indexed, since hundreds of services have thousands of flags.
function indexOf({ seen, changes, comparisons }: From): Index {
  return {
    builds: grouped(seen.builds, ({ service, environment, flag }) => JSON.stringify([flag, service, environment])),
    changes: grouped(changes, ({ flag }) => flag),
    comparisons: grouped(comparisons, ({ flag, service }) => JSON.stringify([flag, service])),
    since: new Map(seen.known.map(({ service, sinceMs }) => [service, sinceMs])),
  }
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}

function reportOf(variants: readonly FlagVariantSeen[], index: Index, { rules, nowMs }: From): FlagReport {
  const { flag, service, environment } = variants[0]!
  const rule = flagRuleOf(rules, flag)
  const days = daysToRead(rules)
  const within = (wanted: number): number => days.indexOf(wanted)
  const sum = (wanted: number): number => variants.reduce((all, one) => all + one.requests[within(wanted)]!, 0)
  const serving = index.builds.get(JSON.stringify(['', service, environment])) ?? []
  const servedMs = Math.max(0, ...serving.map(({ lastMs }) => lastMs))
  const firstMs = Math.min(...variants.map((one) => one.firstMs))
  const lastMs = Math.max(...variants.map((one) => one.lastMs))
  const changes = (index.changes.get(flag) ?? [])
    .filter((one) => isOf(one.service, service) && isOf(one.environment, environment))
    .sort((a, b) => (a.at < b.at ? 1 : -1))
  const sinceMs = index.since.get(service)
  const told = stateOf({
    variants,
    share: (one, wanted) => shareIn(one.requests[within(wanted)]!, sum(wanted)),
    days: rule.days,
    permanent: rule.permanent,
    firstMs,
    lastMs,
    servedMs,
    changedMs: Date.parse(changes[0]?.at ?? '') || 0,
    sinceMs: sinceMs ?? firstMs,
    nowMs,
  })
  const shown = (one: FlagVariantSeen): FlagVariant => ({
    variant: one.variant,
    requests7: one.requests[within(7)]!,
    requests30: one.requests[within(30)]!,
    share7: shareIn(one.requests[within(7)]!, sum(7)),
    share30: shareIn(one.requests[within(30)]!, sum(30)),
    firstSeen: iso(one.firstMs),
    lastSeen: iso(one.lastMs),
  })
  const { flag: _flag, service: _service, environment: _environment, ...lastChange } = changes[0] ?? nothing
  return {
    flag,
    service,
    environment,
    ...told,
    owner: rule.owner,
    firstSeen: iso(firstMs),
    lastSeen: iso(lastMs),
    requests7: sum(7),
    requests30: sum(30),
    variants: variants.map(shown).sort((a, b) => b.requests30 - a.requests30 || (a.lastSeen < b.lastSeen ? 1 : -1)),
    builds: (index.builds.get(JSON.stringify([flag, service, environment])) ?? []).map((one) => ({
      build: one.build,
      lastSeen: iso(one.lastMs),
      requests: one.requests,
      still: one.lastMs >= servedMs - stillMs,
    })),
    lastChange: changes.length === 0 ? null : ofService(lastChange as FlagLastChange, service),
    comparisons: (index.comparisons.get(JSON.stringify([flag, service])) ?? []).map(
      ({ stable, canary, verdict, at }) => ({ stable, canary, verdict, at }),
    ),
    knownSince: sinceMs === undefined ? null : iso(sinceMs),
  }
}

/** Drops verdicts about the users of other services. */
const ofService = (change: FlagLastChange, service: string): FlagLastChange =>
  change.verdict === null || change.verdict.service === service ? change : { ...change, verdict: null }

const nothing = { flag: '', service: '', environment: '' }

const isOf = (said: string, here: string): boolean => said === '' || here === '' || said === here

interface StateFrom {
  readonly variants: readonly FlagVariantSeen[]
  readonly share: (one: FlagVariantSeen, days: number) => number | null
  readonly days: FlagDays
  readonly permanent: boolean
  readonly firstMs: number
  readonly lastMs: number
  readonly servedMs: number
  readonly changedMs: number
  readonly sinceMs: number
  readonly nowMs: number
}

type Told = Pick<FlagReport, 'state' | 'why' | 'text'>

function stateOf(from: StateFrom): Told {
  const { variants, share, days, permanent, firstMs, lastMs, servedMs, changedMs, sinceMs, nowMs } = from
  const told = (state: FlagState, text: string, why: Told['why'] = null): Told => ({ state, why, text })
  const ago = (ms: number): string => daysText((nowMs - ms) / dayMs)
  const ofDays = (wanted: number): { readonly top: FlagVariantSeen; readonly share: number } | undefined => {
    const [top] = variants.toSorted((a, b) => (share(b, wanted) ?? 0) - (share(a, wanted) ?? 0))
    const value = top && share(top, wanted)
    return top && value !== null && value !== undefined ? { top, share: value } : undefined
  }
  const isUnseen = nowMs - lastMs >= days.unseen * dayMs
  const isServed = servedMs - lastMs >= dayMs
  if (permanent) return told('permanent', 'declared to stay')
  if (isUnseen)
    return isServed
      ? told('unseen', `not evaluated for ${ago(lastMs)}: builds serve, and none of them evaluates it`, 'no-build')
      : told('unseen', `not evaluated for ${ago(lastMs)}: nothing serves here since`, 'no-traffic')
  // A flag that was there when the data begins may be of any age.
  const isNew = nowMs - firstMs < days.new * dayMs
  const wasThere = firstMs - sinceMs < 3_600_000
  if (isNew && !wasThere) return told('new', `first evaluated ${ago(firstMs)} ago`)
  const settled = ofDays(days.settled)
  const isLongEnough = nowMs - firstMs >= days.settled * dayMs
  if (settled && settled.share >= alone && isLongEnough && nowMs - changedMs >= days.settled * dayMs)
    return told('settled', `${settled.top.variant} alone for ${daysText(days.settled)}: ${shareText(settled.share)}`)
  if (nowMs - firstMs >= days.stuck * dayMs && nowMs - changedMs >= days.stuck * dayMs && isStill(from))
    return told('stuck', `the same shares for ${daysText(days.stuck)}, and nobody has changed it`)
  const lately = ofDays(7) ?? settled
  if (isNew) return told('new', `known for ${ago(firstMs)}, as long as its service is`)
  if (lately === undefined) return told('mixed', `last evaluated ${ago(lastMs)} ago`)
  return told(
    'mixed',
    lately.share >= alone
      ? `${lately.top.variant} alone, and not for ${daysText(days.settled)} yet`
      : 'several variants are served',
  )
}

/** Whether the shares in each third of the days are within two points of each other; thirds without requests are ignored. */
function isStill({ variants, days, share }: StateFrom): boolean {
  const [third, two, all] = thirds(days.stuck)
  return variants.every((one) => {
    const shares = [third, two, all].map((wanted) => share(one, wanted))
    if (shares.some((value) => value === null)) return false
    return Math.max(...(shares as number[])) - Math.min(...(shares as number[])) <= standsStill
  })
}

function neverSeen(flag: string, { rules, seen, nowMs }: From): FlagReport {
  const { owner, permanent } = flagRuleOf(rules, flag)
  const sinceMs = Math.min(...seen.known.map((one) => one.sinceMs))
  const isKnown = Number.isFinite(sinceMs)
  return {
    flag,
    service: '',
    environment: '',
    state: permanent ? 'permanent' : 'unseen',
    why: isKnown ? 'no-build' : 'no-traffic',
    text: isKnown
      ? `never evaluated in the ${daysText((nowMs - sinceMs) / dayMs)} that are known`
      : 'no traffic is known at all',
    owner,
    firstSeen: null,
    lastSeen: null,
    requests7: 0,
    requests30: 0,
    variants: [],
    builds: [],
    lastChange: null,
    comparisons: [],
    knownSince: isKnown ? iso(sinceMs) : null,
  }
}

const shareIn = (some: number, all: number): number | null => (all === 0 ? null : some / all)

const iso = (ms: number): string => new Date(ms).toISOString()

import type { Change, TimelineChange } from './change.ts'
import type { BuildServed } from './read/builds-served.ts'

// Pipelines, delivery tools and webhooks report one deploy within hours; the same build later is another deploy.
const sameDeployMs = 6 * 3_600_000
// Clocks differ, and a report may arrive only when the deploy is done.
const reportedLateMs = 3_600_000

/** The source of flag changes reported by applications, through OpenFeature. */
export const openFeatureSource = 'openfeature'

// Requests show a change within minutes.
const sameTurnMs = 10 * 60_000

/** The source of deploys inferred from the first requests of a build. */
export const fromSpans = 'spans'

/**
 * Merges reports of the same deploy or the same flag change, newest first. A merged change has the earliest time, and each
 * field from the first report of the best source.
 *
 * @example mergedChanges([{ ...webhook, author: '' }, { ...cli, author: 'maria' }]).length // 1
 */
export function mergedChanges(reports: readonly Change[]): readonly TimelineChange[] {
  const merged: TimelineChange[] = []
  for (const report of reports.toSorted((a, b) => a.atMs - b.atMs)) {
    const at = merged.findLastIndex((one) => isSame(one, report))
    const servedMs = report.source === fromSpans ? report.atMs : null
    if (at < 0) merged.push({ ...report, servedMs: report.kind === 'flag' ? null : servedMs })
    else if (report.kind === 'flag') merged[at] = sameFlagChange(merged[at]!, report)
    else merged[at] = { ...joined(merged[at]!, report), servedMs: merged[at]!.servedMs ?? servedMs }
  }
  return merged.toReversed()
}

const isSame = (one: TimelineChange, other: Change): boolean =>
  other.kind === 'deploy' ? isSameDeploy(one, other) : other.kind === 'flag' && isSameFlagChange(one, other)

/**
 * Reports of a flag within minutes are one change: from whoever changed it, from an application that was notified, and from
 * requests that met it.
 */
function isSameFlagChange(one: TimelineChange, other: Change): boolean {
  const agree = (said: string, also: string): boolean => said === '' || also === '' || said === also
  return (
    one.kind === 'flag' &&
    one.flag === other.flag &&
    agree(one.service, other.service) &&
    agree(one.environment, other.environment) &&
    other.atMs - one.atMs <= sameTurnMs &&
    // Two reports from the same source are two changes.
    (!one.source.split(', ').includes(other.source) || one.service !== other.service)
  )
}

// The best source is whoever changed the flag; then an application that was notified; then requests.
const hearsay = [openFeatureSource, fromSpans]

function sameFlagChange(first: TimelineChange, second: Change): TimelineChange {
  const rank = ({ source }: { readonly source: string }): number =>
    Math.min(...source.split(', ').map((one) => hearsay.indexOf(one)))
  const [best, other] = rank(second) < rank(first) ? [{ ...second, servedMs: null }, first] : [first, second]
  return {
    ...joined(best, other),
    service: first.service === '' || second.service === '' ? '' : first.service,
    servedMs: null,
  }
}

function isSameDeploy(one: TimelineChange, other: Change): boolean {
  // A build's first request comes only once; any earlier report marks the beginning of its deploy.
  const isFirstServed = other.source === fromSpans && one.servedMs === null
  return (
    one.kind === 'deploy' &&
    one.service === other.service &&
    (one.environment === other.environment || one.environment === '' || other.environment === '') &&
    (isFirstServed || Math.abs(one.atMs - other.atMs) <= sameDeployMs) &&
    (one.version !== '' && other.version !== ''
      ? one.version === other.version
      : isSameCommit(one.commit, other.commit))
  )
}

// Some sources report abbreviated hashes.
const isSameCommit = (one: string, other: string): boolean =>
  one.length >= 7 && other.length >= 7 && (one.startsWith(other) || other.startsWith(one))

/** Merges two reports of the same change: the earlier time, and each field from whichever report has it. */
function joined(first: TimelineChange, second: Change): TimelineChange {
  const text = (key: keyof Change): string => (first[key] as string) || (second[key] as string)
  const sources = new Set([...first.source.split(', '), ...second.source.split(', ')])
  // `spans` is named as the source only if nobody reported the change.
  if (sources.size > 1) sources.delete(fromSpans)
  return {
    ...first,
    version: text('version'),
    what: text('what'),
    author: text('author'),
    mergedBy: text('mergedBy'),
    commit: text('commit'),
    url: text('url'),
    environment: text('environment'),
    changes: first.changes || second.changes,
    committedMs: first.committedMs || second.committedMs,
    source: [...sources].join(', '),
  }
}

/**
 * Adds what spans show of a service's builds: when a deploy's first requests came, and deploys that nobody reported.
 * A build that already served when the store's data begins was deployed before that.
 */
export function withBuilds(
  reported: readonly TimelineChange[],
  builds: readonly BuildServed[],
  { service, forgottenMs }: { readonly service: string; readonly forgottenMs: number },
): readonly TimelineChange[] {
  const all = [...reported]
  for (const build of builds) {
    const seen = firstServed(build, service)
    const [nearest] = all
      .filter((one) => isDeployOf(one, build, service))
      .sort((a, b) => Math.abs(a.atMs - build.firstMs) - Math.abs(b.atMs - build.firstMs))
    const at = nearest ? all.indexOf(nearest) : -1
    if (at >= 0) all[at] = { ...joined(all[at]!, seen), servedMs: build.firstMs }
    else if (build.firstMs > forgottenMs) all.push({ ...seen, servedMs: build.firstMs })
  }
  return all.sort((a, b) => b.atMs - a.atMs)
}

function isDeployOf(one: TimelineChange, { version, firstMs, marks }: BuildServed, service: string): boolean {
  if (one.kind !== 'deploy' || one.service !== service || one.atMs > firstMs + reportedLateMs) return false
  return one.version === version || (one.version === '' && isSameCommit(one.commit, marks.commit))
}

/** A deploy known from spans alone. */
export function firstServed({ version, firstMs, marks }: BuildServed, service: string): Change {
  const { author, mergedBy, commit, url, environment, changes } = marks
  return {
    id: `spans/${service}/${version}`,
    kind: 'deploy',
    service,
    version,
    flag: '',
    what: '',
    author,
    mergedBy,
    commit,
    url,
    environment,
    changes,
    committedMs: 0,
    atMs: firstMs,
    source: fromSpans,
  }
}

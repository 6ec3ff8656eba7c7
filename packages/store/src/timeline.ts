import type { Change, TimelineChange } from './change.ts'
import type { BuildServed } from './read/builds-served.ts'

// Pipelines, delivery tools and webhooks tell of one deploy within hours; the same build again later is another one.
const sameDeployMs = 6 * 3_600_000
// Clocks differ, and a report may come when the deploy is done.
const reportedLateMs = 3_600_000

/** The source of changes of flags that applications tell of, as OpenFeature does. */
export const openFeatureSource = 'openfeature'

// Requests show a change within minutes.
const sameTurnMs = 10 * 60_000

/** The source of deploys that are known by the first requests of their builds. */
export const fromSpans = 'spans'

/**
 * Reports of changes, the newest first, those of one deploy or of one turn of a flag made one: its first moment, and of each thing what was said first
 * by the best source.
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

/** A flag that several tell of within minutes was turned once: whoever turned it, an application that heard of it, the requests that met it. */
function isSameFlagChange(one: TimelineChange, other: Change): boolean {
  const agree = (said: string, also: string): boolean => said === '' || also === '' || said === also
  return (
    one.kind === 'flag' &&
    one.flag === other.flag &&
    agree(one.service, other.service) &&
    agree(one.environment, other.environment) &&
    other.atMs - one.atMs <= sameTurnMs &&
    // The same source tells twice of two changes.
    (!one.source.split(', ').includes(other.source) || one.service !== other.service)
  )
}

// The best is whoever turned it: what tools say comes before what an application heard, and that before what its requests show.
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
  // A build serves first once; whoever reported it before did so whenever its deploy began.
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

// Some are told in short.
const isSameCommit = (one: string, other: string): boolean =>
  one.length >= 7 && other.length >= 7 && (one.startsWith(other) || other.startsWith(one))

/** What is said of the same deploy twice: the first moment, and whatever one of them does not say. */
function joined(first: TimelineChange, second: Change): TimelineChange {
  const text = (key: keyof Change): string => (first[key] as string) || (second[key] as string)
  const sources = new Set([...first.source.split(', '), ...second.source.split(', ')])
  // Whoever reported it is told, where somebody did.
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
 * The same with what spans say of the builds of a service: when a deploy's first requests came, and deploys that nobody reported.
 * What served already at the beginning of all that is known was deployed before it.
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

/** A deploy as spans alone tell of it. */
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

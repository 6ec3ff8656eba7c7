import type { Change, TimelineChange } from './change.ts'
import type { BuildServed } from './read/builds-served.ts'

// Pipelines, delivery tools and webhooks tell of one deploy within hours; the same build again later is another one.
const sameDeployMs = 6 * 3_600_000
// Clocks differ, and a report may come when the deploy is done.
const reportedLateMs = 3_600_000

/** The source of deploys that are known by the first requests of their builds. */
export const fromSpans = 'spans'

/**
 * Reports of changes, the newest first, those of one deploy made one: its first moment, and of each thing what was said first
 * by the best source.
 *
 * @example mergedDeploys([{ ...webhook, author: '' }, { ...cli, author: 'maria' }]).length // 1
 */
export function mergedDeploys(reports: readonly Change[]): readonly TimelineChange[] {
  const merged: TimelineChange[] = []
  for (const report of reports.toSorted((a, b) => a.atMs - b.atMs)) {
    const at = report.kind === 'deploy' ? merged.findLastIndex((one) => isSameDeploy(one, report)) : -1
    const servedMs = report.source === fromSpans ? report.atMs : null
    if (at < 0) merged.push({ ...report, servedMs })
    else merged[at] = { ...joined(merged[at]!, report), servedMs: merged[at]!.servedMs ?? servedMs }
  }
  return merged.toReversed()
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

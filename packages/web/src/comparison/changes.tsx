import type { VNode } from 'preact'
import type { ChartMark } from '../charts/over-time.tsx'
import { moment } from '../data/format.ts'
import type { Change } from '../data/model.ts'
import { useHere } from '../data/place.ts'
import { Link, Linked } from '../link.tsx'
import { type Column, Rows } from '../rows.tsx'
import { Section } from './section.tsx'

/** When a change could have an effect: for a deploy, at its first requests. */
const feltMs = ({ servedMs, atMs }: Change): number => servedMs ?? atMs

/** The changes within a window as marks for charts, numbered by time. */
export function marksOf(changes: readonly Change[], start: string | undefined, seconds: number): readonly ChartMark[] {
  if (start === undefined) return []
  return changes
    .map((change) => ({ change, at: (feltMs(change) - Date.parse(start)) / 1000 }))
    .filter(({ at }) => at >= 0 && at <= seconds)
    .sort((a, b) => a.at - b.at)
    .map(({ change, at }, place) => ({ at, number: place + 1, text: whatOf(change) }))
}

/** A change in one line, without its author. */
function whatOf({ kind, service, version, flag, what }: Change): string {
  const about = what && (kind === 'event' ? what : `: ${what}`)
  if (kind === 'deploy') return `${service} ${version} deployed${about}`
  if (kind === 'flag') return `flag ${flag} changed${about}`
  return about
}

interface Props {
  readonly changes: readonly Change[]
  readonly start: string
  readonly marks: readonly ChartMark[]
}

/** The changes while the canary served and in the hour before. */
export function Changes({ changes, start, marks }: Props): VNode | null {
  if (changes.length === 0) return null
  const numberOf = (change: Change): number | undefined => {
    const at = (feltMs(change) - Date.parse(start)) / 1000
    return marks.find((mark) => mark.at === at && mark.text === whatOf(change))?.number
  }
  return (
    <Section
      id="changes"
      title="What else changed"
      note="While the canary served, and in the hour before. Charts mark changes in their window by number."
    >
      <ChangesTable changes={changes} numberOf={numberOf} />
    </Section>
  )
}

interface TableProps {
  readonly changes: readonly Change[]
  /** Its number in charts. */
  readonly numberOf?: (change: Change) => number | undefined
}

/** Changes, newest first: when, what, and by whom. */
export function ChangesTable({ changes, numberOf }: TableProps): VNode {
  const numbers: readonly Column<Change>[] = numberOf
    ? [{ title: 'Mark', cell: (change) => numberOf(change) ?? '–' }]
    : []
  const verdicts = changes.some(({ verdict }) => verdict) ? [verdictColumn] : []
  return <Rows label="Changes" columns={[...numbers, ...columns, ...verdicts]} rows={changes} keyOf={({ id }) => id} />
}

/** The effect of a flag change on users, compared with those who got another variant, or with the minutes before. */
const verdictColumn: Column<Change> = {
  title: 'Verdict',
  kind: 'name',
  cell: ({ service, verdict }) =>
    verdict ? (
      <span title={verdict.reason}>
        {verdict.verdict === 'running' ? 'is being judged' : verdict.verdict.toUpperCase()}
        <small>
          {verdict.against === 'minutes-before'
            ? 'against the minutes before'
            : `${variantOf(verdict.canary)} against ${variantOf(verdict.stable)}`}
          {service === '' && ` in ${verdict.service}`}
        </small>
      </span>
    ) : (
      '–'
    ),
}

/** The variant in `flag:new-pricing=on`. */
const variantOf = (selector: string): string => selector.slice(selector.indexOf('=') + 1)

const columns: readonly Column<Change>[] = [
  {
    title: 'When',
    cell: ({ atMs, servedMs }) => (
      <>
        {timeOf(atMs)}
        {servedMs !== null && servedMs !== atMs && <small>first request {timeOf(servedMs)}</small>}
      </>
    ),
  },
  {
    title: 'What',
    kind: 'name',
    cell: (change) => (
      <>
        <What change={change} />
        {change.changes > 1 && <small>bundles {change.changes} changes</small>}
        {change.environment && <small>{change.environment}</small>}
      </>
    ),
  },
  {
    title: 'Who',
    kind: 'name',
    cell: ({ author, mergedBy }) => (
      <>
        {author || (mergedBy ? '' : '–')}
        {mergedBy && <small>merged by {mergedBy}</small>}
      </>
    ),
  },
  {
    title: 'Change',
    kind: 'name',
    cell: ({ url, commit }) => (
      <>
        {url ? <Linked text={url} /> : commit ? '' : '–'}
        {commit && <small>commit {commit.slice(0, 12)}</small>}
      </>
    ),
  },
  { title: 'Source', cell: ({ source }) => (source === 'spans' ? 'its spans' : source) },
]

const timeOf = (ms: number): string => moment(new Date(ms).toISOString())

/** A deployed build, as a link to its page; in a report, as text. */
function What({ change }: { change: Change }): VNode {
  const here = useHere()
  const { kind, service, version } = change
  if (kind !== 'deploy') return <>{whatOf(change)}</>
  const deployed = (
    <>
      <bdi>{service}</bdi> <bdi>{version}</bdi> deployed{change.what && `: ${change.what}`}
    </>
  )
  if (version === '' || here.isReport) return deployed
  return <Link to={`/services/${encodeURIComponent(service)}/builds/${encodeURIComponent(version)}`}>{deployed}</Link>
}

import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { Budgets } from '../budget/budgets.tsx'
import { Section, Share } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, moment, percent } from '../data/format.ts'
import type { Doctor, Known, RunState } from '../data/model.ts'
import { Link } from '../link.tsx'
import { Rows } from '../rows.tsx'
import { Runs } from './home.tsx'
import { Loading, TroubleView } from './trouble.tsx'

interface Props {
  readonly name: string
  /** One build of it, where only that is looked at. */
  readonly build?: string
  readonly attempt: number
  readonly again: () => void
}

/** A service: its builds and flags and since when they are seen, the marks that arrive, and its comparisons. */
export function Service({ name, build, attempt, again }: Props): VNode {
  const asked = encodeURIComponent(name)
  const known = useAnswer<Known>(`/api/known?service=${asked}`, 10_000, attempt)
  const doctor = useAnswer<Doctor>(`/api/doctor?service=${asked}`, 10_000, attempt)
  const runs = useAnswer<{ comparisons: readonly RunState[] }>('/api/comparisons', 10_000, attempt)
  useEffect(() => {
    document.title = `${name} · Coalmine`
  }, [name])
  const trouble = known.trouble ?? runs.trouble
  if (trouble && !known.answer) return <TroubleView trouble={trouble} again={again} />
  if (!known.answer) return <Loading what={name} />
  const { values, requests, first, served } = known.answer
  const rows = values.map((value, at) => ({ value, requests: requests[at]!, first: first[at]! }))
  const all = Math.max(
    1,
    rows.filter(({ value }) => value.startsWith('service.version=')).reduce((sum, row) => sum + row.requests, 0),
  )
  const wanted = build === undefined ? rows : rows.filter(({ value }) => value === `service.version=${build}`)
  const own = (runs.answer?.comparisons ?? []).filter(
    (run) => run.service === name && (build === undefined || `${run.canary} ${run.stable}`.includes(build)),
  )
  return (
    <>
      <header class="heading">
        <h1>{build === undefined ? name : `${name} ${build}`}</h1>
        {served && (
          <p class="quiet">
            Seen from {moment(new Date(served.startMs).toISOString())} to {moment(new Date(served.endMs).toISOString())}
          </p>
        )}
      </header>
      <Section id="builds" title="Builds and flag variants">
        {wanted.length === 0 ? (
          <p>No tick of it has closed yet: that takes about 20 s after the first span.</p>
        ) : (
          <Rows
            label="Builds and flag variants"
            rows={wanted}
            keyOf={({ value }) => value}
            columns={[
              {
                title: 'As a selector says it',
                kind: 'name',
                cell: ({ value }) => <BuildName service={name} value={value} isLink={build === undefined} />,
              },
              { title: 'First seen', cell: (row) => moment(new Date(row.first * 1000).toISOString()) },
              { title: 'Requests', kind: 'number', cell: (row) => count(row.requests) },
              {
                title: 'Share',
                cell: (row) => (
                  <>
                    <Share value={row.requests / all} name="plain" />{' '}
                    <small>{percent(Math.min(1, row.requests / all), 2)}</small>
                  </>
                ),
              },
            ]}
          />
        )}
      </Section>
      <Budgets service={name} />
      <Section id="comparisons" title="Comparisons">
        {own.length > 0 ? (
          <Runs runs={own} label="Comparisons of the service" />
        ) : (
          <p>None of it has been compared in this server.</p>
        )}
      </Section>
      {doctor.answer && <Marks facts={doctor.answer} />}
    </>
  )
}

/** A build has a page of its own. */
function BuildName({ service, value, isLink }: { service: string; value: string; isLink: boolean }): VNode {
  const found = /^service\.version=(.+)$/.exec(value)?.[1]
  if (found === undefined || !isLink) return <>{value}</>
  return <Link to={`/services/${encodeURIComponent(service)}/builds/${encodeURIComponent(found)}`}>{value}</Link>
}

function Marks({ facts }: { facts: Doctor }): VNode {
  const share = (part: number, of: number): string => (of === 0 ? '–' : percent(part / of, 3))
  return (
    <Section id="marks" title="Marks of its last hour">
      <dl class="facts">
        <div>
          <dt>Spans</dt>
          <dd>
            {count(facts.spans)}, of them {count(facts.requests)} requests; {count(facts.late)} came too late to count.
          </dd>
        </div>
        <div>
          <dt>Build</dt>
          <dd>
            {share(facts.withBuild, facts.spans)} of spans say it: {facts.builds.join(', ') || 'none'}.
          </dd>
        </div>
        <div>
          <dt>Flags</dt>
          <dd>
            {share(facts.withFlags, facts.spans)} of spans have some: {facts.flags.join(', ') || 'none'}.
          </dd>
        </div>
        <div>
          <dt>Instances</dt>
          <dd>{facts.instances.join(', ') || 'no span names its instance'}.</dd>
        </div>
        <div>
          <dt>Test traffic</dt>
          <dd>{count(facts.test)} spans, in no verdict unless it is asked for.</dd>
        </div>
      </dl>
    </Section>
  )
}

import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { Budgets } from '../budget/budgets.tsx'
import { SharesChart } from '../charts/shares.tsx'
import { ChangesTable } from '../comparison/changes.tsx'
import { Section, Share } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, moment, percent } from '../data/format.ts'
import type { BuildShares, Change, Doctor, Known, RunState } from '../data/model.ts'
import { Link, Linked } from '../link.tsx'
import { Rows } from '../rows.tsx'
import { Delivery } from './delivery.tsx'
import { Runs } from './home.tsx'
import { hides, Loading, Stale, TroubleView } from './trouble.tsx'

interface Props {
  readonly name: string
  /** One build of it, on the page of a build. */
  readonly build?: string
  readonly attempt: number
  readonly again: () => void
}

/** A service: its builds and flags and when they were first seen, the marks that arrive, and its comparisons. */
export function Service({ name, build, attempt, again }: Props): VNode {
  const asked = encodeURIComponent(name)
  const known = useAnswer<Known>(`/api/known?service=${asked}`, 10_000, attempt)
  const doctor = useAnswer<Doctor>(`/api/doctor?service=${asked}`, 10_000, attempt)
  const shares = useAnswer<BuildShares>(`/api/builds?service=${asked}`, 15_000, attempt)
  const changes = useAnswer<{ changes: readonly Change[] }>(
    `/api/changes?service=${asked}&limit=50${build === undefined ? '' : `&version=${encodeURIComponent(build)}`}`,
    15_000,
    attempt,
  )
  const runs = useAnswer<{ comparisons: readonly RunState[] }>('/api/comparisons', 10_000, attempt)
  useEffect(() => {
    document.title = `${name} · Coalmine`
  }, [name])
  const trouble = known.trouble ?? runs.trouble
  if (hides(trouble, known.answer)) return <TroubleView trouble={trouble} again={again} />
  if (!known.answer) return <Loading what={name} />
  const { values, requests, first, served } = known.answer
  const rows = values.map((value, at) => ({ value, requests: requests[at]!, first: first[at]! }))
  const all = Math.max(
    1,
    rows.filter(({ value }) => value.startsWith('service.version=')).reduce((sum, row) => sum + row.requests, 0),
  )
  const wanted = build === undefined ? rows : rows.filter(({ value }) => value === `service.version=${build}`)
  const own = (runs.answer?.comparisons ?? []).filter(
    (run) =>
      run.service === name &&
      (build === undefined || [run.canary, run.stable].some((selector) => isBuild(selector, build))),
  )
  const told = changes.answer?.changes ?? []
  return (
    <>
      <header class="heading">
        <h1>{build === undefined ? name : `${name} ${build}`}</h1>
        {build === undefined && served && (
          <p class="quiet">
            Seen from {moment(new Date(served.startMs).toISOString())} to {moment(new Date(served.endMs).toISOString())}
          </p>
        )}
      </header>
      <Stale trouble={trouble} />
      {build !== undefined && <BuildFacts service={name} build={build} shares={shares.answer} changes={told} />}
      <Section id="builds" title={build === undefined ? 'Builds and flag variants' : 'Its share of requests'}>
        {wanted.length === 0 ? (
          <p>Nothing has been counted yet: that takes about 20 s after the first span.</p>
        ) : (
          <Rows
            label="Builds and flag variants"
            rows={wanted}
            keyOf={({ value }) => value}
            columns={[
              {
                title: 'Selector',
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
        {shares.answer && shares.answer.builds.length > 0 && <SharesChart shares={shares.answer} build={build} />}
      </Section>
      {build === undefined && told.length > 0 && (
        <Section id="changes" title="Changes" note="Deploys and other changes, newest first.">
          <ChangesTable changes={told} />
        </Section>
      )}
      {build === undefined && <Delivery service={name} attempt={attempt} />}
      {build === undefined && <Budgets service={name} />}
      <Section id="comparisons" title="Comparisons">
        {own.length > 0 ? (
          <Runs runs={own} label="Comparisons of the service" />
        ) : (
          <p>{build === undefined ? 'None of it has' : 'It has not'} been compared in this server.</p>
        )}
      </Section>
      {build === undefined && doctor.answer && <Marks facts={doctor.answer} />}
    </>
  )
}

/** Whether one of a selector's conditions is this build. */
const isBuild = (selector: string, build: string): boolean =>
  selector.split(',').some((condition) => condition.trim() === `service.version=${build}`)

/** A build, as a link to its page. */
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
            {count(facts.spans)}, of which {count(facts.requests)} are requests; {count(facts.late)} arrived too late to
            count.
          </dd>
        </div>
        <div>
          <dt>Build</dt>
          <dd>
            {share(facts.withBuild, facts.spans)} of spans have it: {facts.builds.join(', ') || 'none'}.
          </dd>
        </div>
        <div>
          <dt>Flags</dt>
          <dd>
            {share(facts.withFlags, facts.spans)} of spans have a flag: {facts.flags.join(', ') || 'none'}.
          </dd>
        </div>
        <div>
          <dt>Instances</dt>
          <dd>{facts.instances.join(', ') || 'no span has service.instance.id'}.</dd>
        </div>
        <div>
          <dt>Test traffic</dt>
          <dd>{count(facts.test)} requests, left out of verdicts unless you ask for them.</dd>
        </div>
      </dl>
    </Section>
  )
}

interface BuildProps {
  readonly service: string
  readonly build: string
  readonly shares: BuildShares | undefined
  readonly changes: readonly Change[]
}

/** A build's origin, its authors, and what it served. */
function BuildFacts({ service, build, shares, changes }: BuildProps): VNode {
  const served = shares?.builds.find(({ version }) => version === build)
  const deploys = changes.filter(({ kind, version }) => kind === 'deploy' && version === build)
  const [deploy] = deploys
  const at = (ms: number): string => moment(new Date(ms).toISOString())
  return (
    <Section id="build" title="Where it comes from">
      <dl class="facts">
        <div>
          <dt>Service</dt>
          <dd>
            <Link to={`/services/${encodeURIComponent(service)}`}>{service}</Link>
          </dd>
        </div>
        <div>
          <dt>Deployed</dt>
          <dd>
            {deploys.length === 0
              ? 'Not reported, and it was already serving at the start of what is stored.'
              : deploys.map(({ atMs, environment }) => `${at(atMs)}${environment && ` to ${environment}`}`).join('; ')}
          </dd>
        </div>
        <div>
          <dt>Author</dt>
          <dd>
            {deploy?.author || 'not known: set it with coalmine deploy --author, or with the build marks of its spans'}
            {deploy?.mergedBy && `, merged by ${deploy.mergedBy}`}
          </dd>
        </div>
        {deploy && (deploy.url || deploy.commit) && (
          <div>
            <dt>Change</dt>
            <dd>
              {deploy.url && <Linked text={deploy.url} />} {deploy.commit && <code>{deploy.commit}</code>}
            </dd>
          </div>
        )}
        {deploy && deploy.changes > 1 && (
          <div>
            <dt>Bundles</dt>
            <dd>{count(deploy.changes)} changes: if it does harm, any of them may be the cause.</dd>
          </div>
        )}
        {served && (
          <div>
            <dt>Served</dt>
            <dd>
              {count(served.requests)} requests from {at(served.firstMs)} to {at(served.lastMs)}
            </dd>
          </div>
        )}
      </dl>
    </Section>
  )
}

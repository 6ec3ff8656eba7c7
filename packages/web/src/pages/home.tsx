import type { Outcome } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { standingOf } from '../comparison/banner.tsx'
import { Decided, Section } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, moment, prose } from '../data/format.ts'
import type { Known, RunState, ServicesSeen } from '../data/model.ts'
import { serverUrl } from '../data/server.ts'
import { Link } from '../link.tsx'
import { type Column, Rows } from '../rows.tsx'
import { hides, Loading, Stale, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** Services and comparisons; or, before the first spans, how to send some. */
export function Home({ attempt, again }: Props): VNode {
  const runs = useAnswer<{ comparisons: readonly RunState[] }>('/api/comparisons', 5_000, attempt)
  const known = useAnswer<Known>('/api/known', 5_000, attempt)
  const seen = useAnswer<ServicesSeen>('/api/services', 30_000, attempt)
  useEffect(() => {
    document.title = 'Coalmine'
  }, [])
  const trouble = runs.trouble ?? known.trouble
  if (hides(trouble, runs.answer && known.answer)) return <TroubleView trouble={trouble} again={again} />
  if (!runs.answer || !known.answer) return <Loading what="services and comparisons" />
  const { comparisons } = runs.answer
  const { services } = known.answer
  if (services.length === 0 && comparisons.length === 0) return <First />
  const running = comparisons.filter(({ state }) => state === 'running')
  const ended = comparisons.filter(({ state }) => state === 'ended')
  return (
    <>
      <h1 class="hidden">Coalmine</h1>
      <Stale trouble={trouble} />
      <Section id="running" title="Running">
        {running.length > 0 ? <Runs runs={running} label="Running comparisons" /> : <Empty />}
      </Section>
      {ended.length > 0 && (
        <Section id="ended" title="Ended">
          <Runs runs={ended.slice(0, 50)} label="Ended comparisons" />
          {ended.length > 50 && <p class="quiet">{count(ended.length - 50)} older ones are in GET /api/comparisons.</p>}
        </Section>
      )}
      <Section id="services" title="Services">
        {services.length === 0 ? (
          <p>No spans have arrived yet.</p>
        ) : (
          <Rows
            label="Services"
            columns={serviceColumns}
            rows={services.map((name) => ({
              name,
              seen: seen.answer?.services.find(({ service }) => service === name),
            }))}
            keyOf={({ name }) => name}
          />
        )}
      </Section>
    </>
  )
}

interface ServiceRow {
  readonly name: string
  /** Undefined until its first ticks are counted. */
  readonly seen: ServicesSeen['services'][number] | undefined
}

const serviceColumns: readonly Column<ServiceRow>[] = [
  {
    title: 'Service',
    kind: 'name',
    cell: ({ name }) => <Link to={`/services/${encodeURIComponent(name)}`}>{name}</Link>,
  },
  {
    title: 'Newest builds',
    kind: 'name',
    cell: ({ name, seen }) =>
      seen?.builds.map(({ version, firstMs }) => (
        <span key={version} class="build-seen">
          <Link to={`/services/${encodeURIComponent(name)}/builds/${encodeURIComponent(version)}`}>{version}</Link>
          <small>since {moment(new Date(firstMs).toISOString())}</small>
        </span>
      )) ?? '–',
  },
  { title: 'Builds', kind: 'number', cell: ({ seen }) => (seen ? count(seen.count) : '–') },
  { title: 'Last seen', cell: ({ seen }) => (seen ? moment(new Date(seen.lastMs).toISOString()) : 'not counted yet') },
]

/** Comparisons, newest first, each with its state. */
export function Runs({ runs, label }: { runs: readonly RunState[]; label: string }): VNode {
  return <Rows label={label} columns={runColumns} rows={runs} keyOf={({ id }) => id} />
}

const runColumns: readonly Column<RunState>[] = [
  {
    title: 'Comparison',
    kind: 'name',
    cell: ({ id, service, stable, canary }) => (
      <>
        <Link to={`/comparisons/${id}`}>
          {service}: {canary}
        </Link>
        <small>against {stable}</small>
      </>
    ),
  },
  {
    title: 'Verdict',
    cell: (run) => (
      <>
        <Decided decision={decisionOf(run)} />
        {run.labels['author'] && <small>{run.labels['author']}</small>}
      </>
    ),
  },
  { title: 'Why', kind: 'reason', cell: ({ reason }) => reason && prose(reason) },
  { title: 'Started', cell: ({ startedAt }) => moment(startedAt) },
]

function decisionOf(run: RunState): 'running' | Outcome {
  if (run.state === 'running' && run.outcome !== 'fail') return 'running'
  return standingOf(run, null) === 'waiting' ? 'invalid' : (run.outcome ?? 'inconclusive')
}

function Empty(): VNode {
  return (
    <>
      <p>No comparison is running. Start one from a deploy; it prints its address:</p>
      <pre>
        coalmine watch --service NAME --stable service.version=1.0.0 --canary service.version=2.0.0 --server{' '}
        {serverUrl()}
      </pre>
    </>
  )
}

/** Shown until spans arrive: three lines that make an app send some. */
function First(): VNode {
  return (
    <section class="state first">
      <h1>Waiting for the first span</h1>
      <p>Nothing has arrived yet. For a Node app, these lines are enough:</p>
      <pre>
        npm i @coalmine/register{'\n'}
        export OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT={serverUrl()}
        {'\n'}node --import @coalmine/register app.js
      </pre>
      <p>
        Any OpenTelemetry SDK or Collector may send OTLP to <code>{serverUrl()}</code> as well. This page notices when
        the first span arrives.
      </p>
      <p class="pulse" role="status">
        Listening…
      </p>
    </section>
  )
}

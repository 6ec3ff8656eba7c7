import type { Outcome } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { standingOf } from '../comparison/banner.tsx'
import { Decided, Section } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, moment } from '../data/format.ts'
import type { Known, RunState } from '../data/model.ts'
import { Link } from '../link.tsx'
import { type Column, Rows } from '../rows.tsx'
import { Loading, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** Services, and comparisons that run or are over; or how an app sends its first spans. */
export function Home({ attempt, again }: Props): VNode {
  const runs = useAnswer<{ comparisons: readonly RunState[] }>('/api/comparisons', 5_000, attempt)
  const known = useAnswer<Known>('/api/known', 5_000, attempt)
  useEffect(() => {
    document.title = 'Coalmine'
  }, [])
  const trouble = runs.trouble ?? known.trouble
  if (trouble && (trouble.kind !== 'gone' || !runs.answer)) return <TroubleView trouble={trouble} again={again} />
  if (!runs.answer || !known.answer) return <Loading what="services and comparisons" />
  const { comparisons } = runs.answer
  const { services } = known.answer
  if (services.length === 0 && comparisons.length === 0) return <First />
  const running = comparisons.filter(({ state }) => state === 'running')
  const ended = comparisons.filter(({ state }) => state === 'ended')
  return (
    <>
      <h1 class="hidden">Coalmine</h1>
      {trouble && (
        <p class="lost" role="alert">
          The connection to the server is lost. This page reconnects by itself.
        </p>
      )}
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
          <ul class="services">
            {services.map((name) => (
              <li key={name}>
                <Link to={`/services/${encodeURIComponent(name)}`}>{name}</Link>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </>
  )
}

/** Comparisons, the newest first, each with where it stands. */
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
  { title: 'Why', kind: 'reason', cell: ({ reason }) => reason },
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
        {location.origin}
      </pre>
    </>
  )
}

/** What to do while no span has come: three lines that make an app send some. */
function First(): VNode {
  return (
    <section class="state first">
      <h1>Waiting for the first span</h1>
      <p>Nothing has arrived yet. For a Node app, these lines are enough:</p>
      <pre>
        npm i @coalmine/register{'\n'}
        export OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT={location.origin}
        {'\n'}node --import @coalmine/register app.js
      </pre>
      <p>
        Any OpenTelemetry SDK or Collector may send OTLP to <code>{location.origin}</code> as well. This page notices
        when the first span arrives.
      </p>
      <p class="pulse" role="status">
        Listening…
      </p>
    </section>
  )
}

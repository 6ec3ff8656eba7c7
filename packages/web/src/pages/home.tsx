import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { standingOf } from '../comparison/banner.tsx'
import { Decided, Section } from '../comparison/section.tsx'
import { count, moment } from '../data/format.ts'
import { useAnswer } from '../data/live.ts'
import type { Known, RunState } from '../data/model.ts'
import { Link } from '../link.tsx'
import { Scroll } from '../scroll.tsx'
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
          The server went away. This page tries again by itself.
        </p>
      )}
      <Section id="running" title="Running">
        {running.length > 0 ? <Runs runs={running} label="Comparisons that run" /> : <Empty />}
      </Section>
      {ended.length > 0 && (
        <Section id="ended" title="Over">
          <Runs runs={ended.slice(0, 50)} label="Comparisons that are over" />
          {ended.length > 50 && <p class="quiet">{count(ended.length - 50)} older ones are in GET /api/comparisons.</p>}
        </Section>
      )}
      <Section id="services" title="Services">
        {services.length === 0 ? (
          <p>No span of a service has come yet.</p>
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
  return (
    <Scroll label={label}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Comparison</th>
            <th scope="col">Verdict</th>
            <th scope="col">Why</th>
            <th scope="col">Started</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const standing = standingOf(run, null)
            return (
              <tr key={run.id}>
                <th scope="row" class="name">
                  <Link to={`/comparisons/${run.id}`}>
                    {run.service}: {run.canary}
                  </Link>
                  <small>against {run.stable}</small>
                </th>
                <td>
                  <Decided
                    decision={
                      run.state === 'running' && run.outcome !== 'fail'
                        ? 'running'
                        : standing === 'waiting'
                          ? 'invalid'
                          : (run.outcome ?? 'inconclusive')
                    }
                  />
                  {run.labels['author'] && <small>{run.labels['author']}</small>}
                </td>
                <td class="reason">{run.reason}</td>
                <td>{moment(run.startedAt)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Scroll>
  )
}

function Empty(): VNode {
  return (
    <>
      <p>No comparison runs. A deploy starts one, and prints its address:</p>
      <pre>coalmine watch --service NAME --stable 1.0.0 --canary 2.0.0 --server {location.origin}</pre>
    </>
  )
}

/** What to do while no span has come: three lines that make an app send some. */
function First(): VNode {
  return (
    <section class="state first">
      <h1>Waiting for the first span</h1>
      <p>Nothing has been sent here yet. For a Node app these lines are enough:</p>
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

import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { Section } from '../comparison/section.tsx'
import { bytes, count, duration, moment } from '../data/format.ts'
import { useAnswer } from '../data/live.ts'
import type { Doctor, Health, Known, Sizes } from '../data/model.ts'
import { Scroll } from '../scroll.tsx'
import { Loading, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** How the server is doing: whether spans are taken, how far verdicts lag behind, and what the store holds. */
export function Status({ attempt, again }: Props): VNode {
  const health = useAnswer<Health>('/healthz', 5_000, attempt)
  const sizes = useAnswer<Sizes>('/api/store', 15_000, attempt)
  useEffect(() => {
    document.title = 'Status · Coalmine'
  }, [])
  const trouble = sizes.trouble ?? health.trouble
  if (trouble && !sizes.answer) return <TroubleView trouble={trouble} again={again} />
  if (!sizes.answer || !health.answer) return <Loading what="the status" />
  const { tables, newestMs, oldestMs, retentionDays } = sizes.answer
  const { status, why, version } = health.answer
  return (
    <>
      <header class="heading">
        <h1>Status</h1>
      </header>
      <Section id="health" title="Ingest">
        <dl class="facts">
          <div>
            <dt>Spans</dt>
            <dd>{status === 'ok' ? 'are taken.' : `are refused: ${why}`}</dd>
          </div>
          <div>
            <dt>Newest span</dt>
            <dd>
              {newestMs === undefined
                ? 'none yet.'
                : `${duration(Math.max(0, (Date.now() - newestMs) / 1000))} ago, at ${moment(new Date(newestMs).toISOString())}.`}
            </dd>
          </div>
          <div>
            <dt>Oldest span</dt>
            <dd>
              {oldestMs === undefined
                ? 'none yet.'
                : `${moment(new Date(oldestMs).toISOString())}; kept for ${retentionDays} days.`}
            </dd>
          </div>
          <div>
            <dt>Server</dt>
            <dd>coalmine {version}</dd>
          </div>
        </dl>
      </Section>
      <Section id="disk" title="Disk">
        <Scroll label="Tables">
          <table class="rows small">
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col" class="number">
                  Rows
                </th>
                <th scope="col" class="number">
                  On disk
                </th>
              </tr>
            </thead>
            <tbody>
              {tables.map((one) => (
                <tr key={one.table}>
                  <th scope="row" class="name">
                    {one.table}
                  </th>
                  <td class="number">{count(one.rows)}</td>
                  <td class="number">{bytes(one.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Section>
      <PerService attempt={attempt} title="Late spans and open ticks" />
    </>
  )
}

/** Test traffic by service: no other page counts it. */
export function Tests({ attempt }: Props): VNode {
  useEffect(() => {
    document.title = 'Test traffic · Coalmine'
  }, [])
  return (
    <>
      <header class="heading">
        <h1>Test traffic</h1>
        <p class="quiet">
          Requests that carry a test mark are in no verdict and no chart, unless a comparison asks for them with{' '}
          <code class="whole">--traffic</code>.
        </p>
      </header>
      <PerService attempt={attempt} title="Services touched, in the last hour of each" tests />
    </>
  )
}

function PerService({ attempt, title, tests = false }: { attempt: number; title: string; tests?: boolean }): VNode {
  const known = useAnswer<Known>('/api/known', 15_000, attempt)
  const services = known.answer?.services.slice(0, 20) ?? []
  return (
    <Section id="services" title={title}>
      {services.length === 0 ? (
        <p>No span of a service has come yet.</p>
      ) : (
        <Scroll label={title}>
          <table class="rows small">
            <thead>
              <tr>
                <th scope="col">Service</th>
                {(tests ? ['Test spans', 'All spans'] : ['Late spans', 'Open ticks', 'Spans in them']).map((name) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {services.map((service) => (
                <ServiceRow key={service} service={service} tests={tests} attempt={attempt} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Section>
  )
}

function ServiceRow({ service, tests, attempt }: { service: string; tests: boolean; attempt: number }): VNode {
  const { answer } = useAnswer<Doctor>(`/api/doctor?service=${encodeURIComponent(service)}`, 15_000, attempt)
  const values = !answer
    ? []
    : tests
      ? [answer.test, answer.spans]
      : [answer.late, answer.open.ticks, answer.open.spans]
  const cells = tests ? 2 : 3
  return (
    <tr>
      <th scope="row" class="name">
        {service}
      </th>
      {Array.from({ length: cells }, (_, at) => (
        <td key={at} class="number">
          {values[at] === undefined ? '…' : count(values[at])}
        </td>
      ))}
    </tr>
  )
}

import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { Section } from '../comparison/section.tsx'
import { useAnswer, useAnswers } from '../data/answer.ts'
import { bytes, count, duration, moment } from '../data/format.ts'
import type { Doctor, Health, Known, StoreSizes } from '../data/model.ts'
import { serverNow, useServer } from '../data/server.ts'
import { Rows } from '../rows.tsx'
import { hides, Loading, Stale, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** The state of the server: whether it accepts spans, how far verdicts lag behind, and what the store holds. */
export function Status({ attempt, again }: Props): VNode {
  const health = useAnswer<Health>('/healthz', 5_000, attempt)
  const sizes = useAnswer<StoreSizes>('/api/store', 15_000, attempt)
  useEffect(() => {
    document.title = 'Status · Coalmine'
  }, [])
  const trouble = sizes.trouble ?? health.trouble
  if (hides(trouble, sizes.answer)) return <TroubleView trouble={trouble} again={again} />
  if (!sizes.answer || !health.answer) return <Loading what="the status" />
  const { tables, newestMs, oldestMs, retentionDays } = sizes.answer
  const { status, why, version, limited = {} } = health.answer
  const refused = Object.entries(limited)
  return (
    <>
      <header class="heading">
        <h1>Status</h1>
      </header>
      <Stale trouble={trouble} />
      <Clocks />
      <Section id="health" title="Ingest">
        <dl class="facts">
          <div>
            <dt>Spans</dt>
            <dd>{status === 'ok' ? 'accepted.' : `refused: ${why}`}</dd>
          </div>
          {refused.length > 0 && (
            <div>
              <dt>Limits met</dt>
              <dd>{refused.map(([limit, times]) => `${limit} (${count(times)} times)`).join(', ')}.</dd>
            </div>
          )}
          <div>
            <dt>Newest span</dt>
            <dd>
              {newestMs === undefined
                ? 'none yet.'
                : `${duration(Math.max(0, (serverNow() - newestMs) / 1000))} ago, at ${moment(new Date(newestMs).toISOString())}.`}
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
      <Section
        id="disk"
        title="Disk"
        note={`${bytes(tables.reduce((sum, one) => sum + one.bytes, 0))} in ${count(tables.length)} tables, the largest first.`}
      >
        <Rows
          label="Tables"
          rows={tables}
          keyOf={({ table }) => table}
          columns={[
            { title: 'Table', kind: 'name', cell: ({ table }) => table },
            { title: 'Rows', kind: 'number', cell: ({ rows }) => count(rows) },
            { title: 'On disk', kind: 'number', cell: (one) => bytes(one.bytes) },
          ]}
          isSmall
        />
      </Section>
      <PerService attempt={attempt} />
    </>
  )
}

/** Warns if the browser's clock differs from the server's, by which times are shown here. */
function Clocks(): VNode | null {
  const { clockMs } = useServer()
  if (Math.abs(clockMs) < farClockMs) return null
  return (
    <p class="lost" role="status">
      This browser's clock is {duration(Math.abs(clockMs) / 1000)} {clockMs > 0 ? 'behind' : 'ahead of'} the server's.
      Ages on this page are by the server's clock.
    </p>
  )
}

/** The spans of each service that are not counted yet, or never will be. */
function PerService({ attempt }: { attempt: number }): VNode {
  const known = useAnswer<Known>('/api/known', 15_000, attempt)
  const services = known.answer?.services.slice(0, shownServices) ?? []
  const { answer } = useAnswers<Doctor>(
    services.map((service) => `/api/doctor?service=${encodeURIComponent(service)}`),
    15_000,
    attempt,
  )
  return (
    <Section id="services" title="Late spans and open ticks">
      {services.length === 0 ? (
        <p>No spans have arrived yet.</p>
      ) : (
        <Rows
          label="Late spans and open ticks"
          rows={services.map((service, at) => ({ service, found: answer?.[at] }))}
          keyOf={({ service }) => service}
          columns={[
            { title: 'Service', kind: 'name', cell: ({ service }) => service },
            { title: 'Late spans', kind: 'number', cell: ({ found }) => counted(found?.late) },
            { title: 'Open ticks', kind: 'number', cell: ({ found }) => counted(found?.open.ticks) },
            { title: 'Spans in them', kind: 'number', cell: ({ found }) => counted(found?.open.spans) },
          ]}
          isSmall
        />
      )}
    </Section>
  )
}

const shownServices = 20
const farClockMs = 60_000
const counted = (n: number | undefined): string => (n === undefined ? '…' : count(n))

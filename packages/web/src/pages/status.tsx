import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { Section } from '../comparison/section.tsx'
import { useAnswer, useAnswers } from '../data/answer.ts'
import { bytes, count, duration, moment } from '../data/format.ts'
import type { Doctor, Health, Known, StoreSizes } from '../data/model.ts'
import { Rows } from '../rows.tsx'
import { Loading, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** How the server is doing: whether spans are taken, how far verdicts lag behind, and what the store holds. */
export function Status({ attempt, again }: Props): VNode {
  const health = useAnswer<Health>('/healthz', 5_000, attempt)
  const sizes = useAnswer<StoreSizes>('/api/store', 15_000, attempt)
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
            <dd>{status === 'ok' ? 'accepted.' : `refused: ${why}`}</dd>
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

/** What of each service is not counted yet, or never will be. */
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
const counted = (n: number | undefined): string => (n === undefined ? '…' : count(n))

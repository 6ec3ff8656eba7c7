import type { RunsAnswer, TestRunAnswer } from '@coalmine/comparator'
import type { ComponentChildren, VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { Section } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, moment } from '../data/format.ts'
import type { TestTraffic } from '../data/model.ts'
import { Link } from '../link.tsx'
import { type Column, Rows } from '../rows.tsx'
import { hides, Loading, Stale, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** Test traffic: its runs, its entities and the services that it touched. No other page counts it. */
export function Tests({ attempt, again }: Props): VNode {
  const { answer, trouble } = useAnswer<TestTraffic>('/api/tests', 15_000, attempt)
  // Judging them takes longer, so the rest does not wait for it.
  const { answer: judged } = useAnswer<RunsAnswer>('/api/runs', 15_000, attempt)
  useEffect(() => {
    document.title = 'Test traffic · Coalmine'
  }, [])
  if (hides(trouble, answer)) return <TroubleView trouble={trouble} again={again} />
  if (!answer) return <Loading what="test traffic" />
  const { runs, entities, services, hours } = answer
  const told = new Map<string, TestRunAnswer>()
  // The newest runs come first, and a name may have been used before.
  for (const one of judged?.runs ?? []) if (!told.has(one.run)) told.set(one.run, one)
  const rows = runs.map((run) => ({ ...run, told: told.get(run.run) }))
  return (
    <>
      <header class="heading">
        <h1>Test traffic</h1>
        <p class="quiet">
          Requests with a test mark in the last {hours} hours. Verdicts and charts leave them out, unless a comparison
          asks for them with <code class="whole">--traffic</code>.
        </p>
      </header>
      <Stale trouble={trouble} />
      {runs.length === 0 && (
        <p>
          There were none in this time. <code class="whole">coalmine sign</code> makes a marker for a test client.
        </p>
      )}
      {runs.length > 0 && (
        <Section
          id="runs"
          title="Runs"
          note="Newest first. Requests that name no run share one row. The effect on users compares their requests during a run with the minutes before and after."
        >
          <Rows label="Test runs" columns={runColumns} rows={rows} keyOf={({ run }) => run} />
        </Section>
      )}
      {services.length > 0 && (
        <Section id="services" title="Services touched">
          <Rows
            label="Services touched"
            columns={serviceColumns}
            rows={services}
            keyOf={({ service, operation }) => `${service} ${operation}`}
          />
        </Section>
      )}
      {entities.length > 0 && (
        <Section id="entities" title="Entities" note="What test requests were about, busiest first.">
          <Rows label="Test entities" columns={entityColumns} rows={entities} keyOf={({ entity }) => entity} isSmall />
        </Section>
      )}
    </>
  )
}

interface Run extends ItemOf<TestTraffic['runs']> {
  /** Undefined until it is known. */
  readonly told: TestRunAnswer | undefined
}
type ItemOf<List extends readonly unknown[]> = List[number]

const runColumns: readonly Column<Run>[] = [
  { title: 'Run', kind: 'name', cell: ({ run, told }) => withNote(run || 'no run named', told?.owner ?? '') },
  { title: 'Began', cell: ({ firstMs, lastMs }) => withNote(timeOf(firstMs), `last span ${timeOf(lastMs)}`) },
  {
    title: 'Requests',
    kind: 'number',
    cell: ({ requests, spans }) => withNote(count(requests), `${count(spans)} spans`),
  },
  { title: 'Failed', kind: 'number', cell: ({ errors }) => count(errors) },
  {
    title: 'Touched',
    kind: 'name',
    cell: ({ services, entities }) =>
      withNote(services.join(', '), `${count(entities)} ${entities === 1 ? 'entity' : 'entities'}`),
  },
  { title: 'State', cell: ({ told }) => stateOf(told) },
  { title: 'Effect on users', kind: 'reason', cell: ({ told }) => users(told) },
]

const timeOf = (ms: number): string => moment(new Date(ms).toISOString())

function stateOf(told: TestRunAnswer | undefined): ComponentChildren {
  if (told === undefined) return ''
  return told.revoked === null ? told.state : withNote('revoked', `${told.revoked.by}: ${told.revoked.why}`)
}

const users = (told: TestRunAnswer | undefined): ComponentChildren =>
  told?.users ? withNote(told.users.outcome, told.users.message) : ''

const serviceColumns: readonly Column<TestTraffic['services'][number]>[] = [
  {
    title: 'Service',
    kind: 'name',
    cell: ({ service }) => <Link to={`/services/${encodeURIComponent(service)}`}>{service}</Link>,
  },
  { title: 'Operation', kind: 'name', cell: ({ operation }) => operation },
  { title: 'Requests', kind: 'number', cell: ({ requests }) => count(requests) },
  { title: 'Failed', kind: 'number', cell: ({ errors }) => count(errors) },
]

const entityColumns: readonly Column<TestTraffic['entities'][number]>[] = [
  { title: 'Entity', kind: 'name', cell: ({ entity }) => entity },
  { title: 'Requests', kind: 'number', cell: ({ requests }) => count(requests) },
  { title: 'Last span', cell: ({ lastMs }) => moment(new Date(lastMs).toISOString()) },
]

function withNote(text: string, note: string): VNode {
  return (
    <>
      {text}
      {note !== '' && <small>{note}</small>}
    </>
  )
}

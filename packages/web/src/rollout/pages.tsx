import type { RolloutAnswer, RolloutHistory, RolloutList, RolloutStep } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Decided, Section } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { moment } from '../data/format.ts'
import { serverUrl } from '../data/server.ts'
import { Link } from '../link.tsx'
import { hides, Loading, Stale, TroubleView } from '../pages/trouble.tsx'
import { type Column, Rows } from '../rows.tsx'
import { Buttons } from './buttons.tsx'
import { StageLine, wordOf } from './stages.tsx'

interface Props {
  /** The rollout; without one, all of them. */
  readonly id: string | undefined
  readonly attempt: number
  readonly again: () => void
}

/** The pages of rollouts: all of them, or one. */
export function Rollouts({ id, ...shared }: Props): VNode {
  return id === undefined ? <All {...shared} /> : <One key={id} id={id} {...shared} />
}

function All({ attempt, again }: Omit<Props, 'id'>): VNode {
  const { answer, trouble } = useAnswer<RolloutList>('/api/rollouts', 5_000, attempt)
  useEffect(() => {
    document.title = 'Rollouts · Coalmine'
  }, [])
  if (hides(trouble, answer)) return <TroubleView trouble={trouble} again={again} />
  if (!answer) return <Loading what="rollouts" />
  return (
    <>
      <h1>Rollouts</h1>
      <Stale trouble={trouble} />
      {answer.rollouts.length === 0 ? (
        <>
          <p>
            No rollouts yet. With <code>rollout:</code> in the server's <code>coalmine.yaml</code>, a deploy starts one:
          </p>
          <pre>coalmine rollout start --canary service.version=2.0.0 --server {serverUrl()}</pre>
        </>
      ) : (
        <Rows label="Rollouts" columns={columns} rows={answer.rollouts} keyOf={({ id }) => id} />
      )}
    </>
  )
}

const columns: readonly Column<RolloutAnswer>[] = [
  {
    title: 'Rollout',
    kind: 'name',
    cell: ({ id, service, stable, canary }) => (
      <>
        <Link to={`/rollouts/${id}`}>
          {service}: {canary}
        </Link>
        <small>beside {stable}</small>
      </>
    ),
  },
  { title: 'Stage', cell: ({ stage, stages }) => (stage === 0 ? '–' : stages[stage - 1]!.amount) },
  { title: 'It is', cell: wordOf },
  {
    title: 'Why',
    kind: 'reason',
    cell: ({ back, endedAt, waitsFor }) => back?.reason ?? (endedAt === null ? waitsFor : ''),
  },
  { title: 'Started', cell: ({ startedAt }) => moment(startedAt) },
]

function One({ id, attempt, again }: Omit<Props, 'id'> & { readonly id: string }): VNode {
  const [told, setTold] = useState(0)
  const path = `/api/rollouts/${encodeURIComponent(id)}`
  const { answer, trouble } = useAnswer<RolloutAnswer>(path, 2_000, attempt + told)
  const history = useAnswer<RolloutHistory>(`${path}/history`, 2_000, attempt + told)
  useEffect(() => {
    document.title = `${answer ? `${wordOf(answer)} · ${answer.service}` : 'Rollout'} · Coalmine`
  }, [answer])
  if (hides(trouble, answer)) return <TroubleView trouble={trouble} again={again} />
  if (!answer) return <Loading what="the rollout" />
  const { service, stable, canary, comparison, outcome, endedAt } = answer
  return (
    <>
      <header class="heading">
        <h1>{service}</h1>
        <p class="cohorts">
          <span class="cohort canary">
            <span class="role">canary</span> <b>{canary}</b>
          </span>
          <span class="against">beside</span>
          <span class="cohort stable">
            <span class="role">stable</span> <b>{stable}</b>
          </span>
        </p>
      </header>
      <section class="rollout" aria-label="Rollout">
        <StageLine rollout={answer} />
        <Buttons rollout={answer} said={() => setTold(told + 1)} />
        {comparison !== null && (
          <p>
            <Decided decision={endedAt === null && outcome !== 'fail' ? 'running' : outcome} />{' '}
            <Link to={`/comparisons/${comparison}`}>The comparison of this stage</Link>
          </p>
        )}
        <Stale trouble={trouble} />
      </section>
      <Section id="history" title="What happened">
        <Rows
          label="What happened"
          columns={steps}
          rows={history.answer?.steps ?? []}
          keyOf={({ number }) => String(number)}
        />
      </Section>
    </>
  )
}

const steps: readonly Column<RolloutStep>[] = [
  { title: 'When', cell: ({ at }) => moment(at) },
  { title: 'Who', cell: ({ by }) => by ?? '–' },
  { title: 'What', kind: 'reason', cell: ({ text }) => text },
]

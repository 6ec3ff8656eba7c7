import type { Burn, JourneyBudget, SloAnswer } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { Section } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, moment, number, percent, prose } from '../data/format.ts'
import { type Column, Rows } from '../rows.tsx'
import { goodPercent, lasting } from './lasting.ts'

interface Props {
  readonly service: string
}

/** A journey, or one build's part of it. */
interface Row {
  readonly key: string
  readonly name: string
  readonly journey: JourneyBudget
  readonly isBuild: boolean
  readonly burn: JourneyBudget['burn']
  readonly cost: number | null
}

/** The error budgets of a service, by journey and by build; renders nothing if the server has no objective for it. */
export function Budgets({ service }: Props): VNode | null {
  const { answer } = useAnswer<SloAnswer>(`/api/slo?service=${encodeURIComponent(service)}`, 60_000)
  const budgets = answer?.budgets ?? []
  if (budgets.length === 0) return null
  const worstFirst = budgets.toSorted((a, b) => (a.budget?.leftShare ?? 9) - (b.budget?.leftShare ?? 9))
  const messages = worstFirst.flatMap(({ cohorts, budget, messages, slo, operation }) =>
    (budget !== null && budget.left <= 0) || cohorts.some(({ isHarmful }) => isHarmful)
      ? messages.map((message) => ({ key: `${slo} ${operation} ${message}`, name: operation ?? slo, message }))
      : [],
  )
  return (
    <Section
      id="budgets"
      title="Error budgets"
      note={`As of ${moment(budgets[0]!.asOf)}. A burn rate of 1 uses up the budget in exactly its window. Where there are too few bad requests for a rate, they are counted.`}
    >
      {messages.length > 0 && (
        <ul class="reasons">
          {messages.slice(0, 6).map(({ key, name, message }) => (
            <li key={key} class="note">
              <span class="weight">{name}</span>
              <span>{prose(message)}</span>
            </li>
          ))}
        </ul>
      )}
      <Rows label="Error budgets" columns={columns} rows={worstFirst.flatMap(rowsOf)} keyOf={({ key }) => key} />
    </Section>
  )
}

/** A journey, and the builds that serve it side by side. */
function rowsOf(journey: JourneyBudget): Row[] {
  const { slo, operation, burn, cohorts } = journey
  const key = JSON.stringify([slo, operation])
  const builds = cohorts.length < 2 ? [] : cohorts
  return [
    { key, name: operation ?? 'all requests', journey, isBuild: false, burn, cost: null },
    ...builds.map((cohort) => ({
      key: `${key} ${cohort.build}`,
      name: `${cohort.build === '' ? '(no build)' : cohort.build}, ${percent(cohort.share, 2)} of requests`,
      journey,
      isBuild: true,
      burn: cohort.burn,
      cost: cohort.excess?.spent ?? null,
    })),
  ]
}

function rate({ requests, bad, rate }: Burn): string {
  if (requests === 0) return '–'
  return rate === null ? `${count(bad)} of ${count(requests)}` : `${number(rate)}\u00a0×`
}

const columns: readonly Column<Row>[] = [
  { title: 'Journey', kind: 'name', cell: ({ name, isBuild }) => (isBuild ? `↳ ${name}` : name) },
  {
    title: 'Objective',
    kind: 'name',
    cell: ({ journey, isBuild }) => (isBuild ? '' : `${journey.slo}: ${percent(journey.objective, 10)}`),
  },
  {
    title: 'Good',
    kind: 'number',
    cell: ({ journey, isBuild }) =>
      isBuild ? '' : journey.compliance === null ? '–' : goodPercent(journey.compliance, journey.objective),
  },
  {
    title: 'Budget left',
    kind: 'number',
    cell: ({ journey, isBuild, cost }) => {
      if (isBuild) return cost ? `cost ${percent(cost, 2)}` : ''
      return journey.budget === null ? `${count(journey.window.bad)} bad` : percent(journey.budget.leftShare)
    },
  },
  { title: 'Burn, 5 min', kind: 'number', cell: ({ burn }) => rate(burn.last5m) },
  { title: '1 h', kind: 'number', cell: ({ burn }) => rate(burn.last1h) },
  { title: '6 h', kind: 'number', cell: ({ burn }) => rate(burn.last6h) },
  { title: '3 days', kind: 'number', cell: ({ burn }) => rate(burn.last3d) },
  { title: 'Lasts', kind: 'number', cell: ({ journey, isBuild }) => (isBuild ? '' : lasting(journey.lasts)) },
]

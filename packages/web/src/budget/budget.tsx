import type { Verdict, VerdictBudget } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { Section } from '../comparison/section.tsx'
import { count, number, percent, prose } from '../data/format.ts'
import { type Column, Rows } from '../rows.tsx'
import { lasting } from './lasting.ts'

/** The canary's effect on error budgets, by journey; renders nothing if no objective covers them. */
export function Budget({ verdict: { budget = [] } }: { verdict: Pick<Verdict, 'budget'> }): VNode | null {
  if (budget.length === 0) return null
  const worstFirst = budget.toSorted((a, b) => (b.spent?.estimate ?? 0) - (a.spent?.estimate ?? 0))
  return (
    <Section
      id="budget"
      title="Error budgets"
      note="Requests are bad if they failed or took longer than the objective allows. The canary is charged only with those beyond stable's rate."
    >
      <ul class="reasons">
        {worstFirst.slice(0, 3).map(({ slo, operation, message }) => (
          <li key={`${slo} ${operation}`} class="note">
            <span class="weight">budget</span>
            <span>{prose(message)}</span>
          </li>
        ))}
      </ul>
      <Rows
        label="Error budgets"
        columns={worstFirst.some(({ rampLasts }) => rampLasts) ? [...columns, alongRamp] : columns}
        rows={worstFirst}
        keyOf={({ slo, operation }) => `${slo} ${operation}`}
      />
    </Section>
  )
}

const rate = (burn: number | null, { requests, bad }: VerdictBudget['canary']): string =>
  burn === null ? `${count(bad)} of ${count(requests)}` : `${number(burn)}\u00a0×`

const columns: readonly Column<VerdictBudget>[] = [
  { title: 'Journey', kind: 'name', cell: ({ operation }) => operation ?? 'all requests' },
  { title: 'Objective', kind: 'name', cell: ({ objective }) => percent(objective, 10) },
  { title: 'Stable burns', kind: 'number', cell: ({ burn, stable }) => rate(burn.stable, stable) },
  { title: 'Canary burns', kind: 'number', cell: ({ burn, canary }) => rate(burn.canary, canary) },
  {
    title: 'Cost so far',
    kind: 'number',
    cell: ({ spent }) =>
      spent === null ? '–' : `${percent(spent.estimate, 2)} (${percent(spent.lower, 2)} to ${percent(spent.upper, 2)})`,
  },
  { title: 'Budget left', kind: 'number', cell: ({ budget }) => (budget === null ? '–' : percent(budget.leftShare)) },
  { title: 'Lasts', kind: 'number', cell: ({ lasts }) => lasting(lasts) },
  { title: 'Full budget, at 100 %', kind: 'number', cell: ({ fullLasts }) => lasting(fullLasts) },
]

const alongRamp: Column<VerdictBudget> = {
  title: 'Along the ramp',
  kind: 'number',
  cell: ({ rampLasts }) => lasting(rampLasts),
}

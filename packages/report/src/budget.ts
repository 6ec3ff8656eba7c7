import type { Verdict } from '@coalmine/comparator'

const shown = 3

/** What the canary does to error budgets, the costliest first: a label and a sentence each. */
export function budgetRows({ budget = [] }: Verdict): readonly (readonly [string, string])[] {
  const worstFirst = budget.toSorted((a, b) => (b.spent?.estimate ?? 0) - (a.spent?.estimate ?? 0))
  const more = worstFirst.length - shown
  return [
    ...worstFirst.slice(0, shown).map(({ message }) => ['budget', message] as const),
    ...(more > 0 ? [['budget', `and ${more} more journeys: coalmine slo lists them all`] as const] : []),
  ]
}

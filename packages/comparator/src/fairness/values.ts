import type { Facts, ValueCounts, ValueFacts } from '../facts.ts'
import { count, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'

/** A cohort that has a value this much less often than the other is not measured in the same way. */
const different = 0.05

/** Problems with the values of a metric. */
export function valueReasons({ values = [] }: Facts): Reason[] {
  return values.flatMap((one) => [...missingValues(one), ...negativeValues(one)])
}

function missingValues({ metric, stable, canary }: ValueFacts): Reason[] {
  const share = ({ values, without }: ValueCounts): number => without / Math.max(1, values + without)
  if (stable.without + canary.without === 0) return []
  const blocks = Math.abs(share(stable) - share(canary)) > different || stable.values === 0 || canary.values === 0
  return [
    {
      code: 'values-missing',
      weight: blocks ? 'blocks' : 'note',
      message: `${metric} has no value in ${percent(share(stable))} of stable's requests and ${percent(share(canary))} of canary's: ${blocks ? 'what is left cannot be compared. Set the attribute on every request, to zero where there is nothing to count.' : 'those requests are left out of it.'}`,
    },
  ]
}

function negativeValues({ metric, stable, canary }: ValueFacts): Reason[] {
  if (stable.negative + canary.negative === 0) return []
  return [
    {
      code: 'negative-values',
      weight: 'blocks',
      message: `${metric} is below zero in ${count(stable.negative)} values of stable and ${count(canary.negative)} of canary: they count as zero, so it can fail and cannot pass. Measure something that is never below zero.`,
    },
  ]
}

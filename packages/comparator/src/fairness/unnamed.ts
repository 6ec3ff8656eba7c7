import { percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'
import { otherOperations } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'

// What is worse at an operation with a twentieth of the requests would fail, if it had a name.
const mostUnnamed = 0.05

/**
 * Operations beyond those with rows of their own are counted together, slow ones with fast ones: if they
 * are many, a regression in one of them could go unseen, and there is no PASS.
 */
export function unnamedReasons(series: readonly OperationSeries[]): Reason[] {
  const shareOf = (arm: 'stable' | 'canary'): number => {
    const all = series.reduce((sum, one) => sum + one.totals[arm].requests, 0)
    const unnamed = series.find((one) => one.operation === otherOperations)?.totals[arm].requests ?? 0
    return all === 0 ? 0 : unnamed / all
  }
  const [stable, canary] = [shareOf('stable'), shareOf('canary')]
  if (Math.max(stable, canary) < mostUnnamed) return []
  return [
    {
      code: 'unnamed-operations',
      weight: 'blocks',
      message: `${percent(canary)} of the canary's requests and ${percent(stable)} of stable's belong to operations beyond the first 500, where a regression could go unseen. Ids in names, or paths that scanners probe, use up the 500; "coalmine doctor" lists them. Set http.route on the spans.`,
    },
  ]
}

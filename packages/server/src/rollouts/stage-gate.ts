import { plannedRamp } from '@coalmine/comparator'
import type { Gate } from '@coalmine/rollout'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'
import { stableHealth } from './stable-health.ts'

const dayMs = 86_400_000

/** The comparisons of stages: those that the server runs, one for each stage, from its start on. */
export function newStageGate(context: Pick<Context, 'store' | 'now'>, comparisons: Comparisons): Gate {
  return {
    start: async ({ state, sinceMs }) => {
      const { id, service, stable, canary, stage, compared, judgings, comparison, former } = state
      const ramp = plannedRamp(state.plan.stages.slice(Math.max(0, stage - 1)))
      const { state: started } = await comparisons.start({
        ...(ramp !== undefined && { ramp }),
        ...compared,
        service,
        stable,
        canary,
        window: { start: new Date(sinceMs).toISOString() },
        // It ends with its stage.
        forMs: 7 * dayMs,
        waitMs: dayMs,
        idleMs: dayMs,
        labels: { rollout: id, stage: String(stage), rollback: 'automatic' },
        key: `rollout ${id} ${stage} ${judgings} ${sinceMs}`,
      })
      // Those that a crash left behind.
      for (const one of comparisons.list())
        if (one.labels['rollout'] === id && ![started.id, comparison, former].includes(one.id))
          await comparisons.stop(one.id)
      return started.id
    },
    look: (id) => {
      const found = comparisons.list().find((one) => one.id === id)
      if (!found) return null
      const { outcome, reason, progress, state } = found
      return { outcome, reason, seconds: progress?.seconds ?? 0, isOver: state === 'ended' }
    },
    health: (id) => stableHealth(context, comparisons, id),
    changed: (id, stop) => comparisons.changed(id, stop),
    stop: async (id) => {
      await comparisons.stop(id)
    },
  }
}

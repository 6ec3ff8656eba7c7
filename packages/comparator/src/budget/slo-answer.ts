import type { SloInput } from '../policy/slo-schema.ts'
import type { JourneyBudget } from './journey.ts'

/** The body of `POST /api/slo`: objectives, each with its service, and the planned shares of the newest build, such as `1%:30m,100%`. */
export interface SloBody {
  readonly slo: readonly SloInput[]
  readonly ramp?: string
}

/** The answer about error budgets: one for each journey, in the order of the objectives. */
export interface SloAnswer {
  readonly budgets: readonly JourneyBudget[]
}

// What reads an answer needs, without what judges and without schemas.

export { describeSlo } from './budget/describe-slo.ts'
export { noSuchService, someOf } from './fairness/no-such-service.ts'
export { flagRemoval } from './flags/flag-removal.ts'
export { plannedRamp } from './rollout/planned-ramp.ts'
export { describeErrors, describePolicy } from './verdict/describe-policy.ts'
export { progressOf } from './verdict/progress.ts'

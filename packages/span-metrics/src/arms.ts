/** The two cohorts of a comparison. */
export type Arm = 'stable' | 'canary'

/** One value of each cohort. */
export type ByArm<Value> = Readonly<Record<Arm, Value>>

/** Both cohorts, in the order of reports. */
export const arms: readonly Arm[] = ['stable', 'canary']

/** The two cohorts that are compared. */
export type Arm = 'stable' | 'canary'

/** One value of each cohort. */
export type ByArm<Value> = Readonly<Record<Arm, Value>>

/** Both, in the order in which they are told. */
export const arms: readonly Arm[] = ['stable', 'canary']

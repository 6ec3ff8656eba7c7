/** Which build of which service is running. What could not be found out is left out. */
export interface Build {
  readonly service?: string
  readonly version?: string
  readonly revision?: string
  /** The roll-out that put this build here; on Kubernetes the ReplicaSet. */
  readonly deployment?: string
  /** Which of the service's processes this is. */
  readonly instance?: string
  /** The repository's URL, without credentials. */
  readonly repository?: string
  /** The pull or merge request that the build was made for. */
  readonly change?: string
  /** Who wrote the change. */
  readonly author?: string
  /** Who merged it, or else started its pipeline. */
  readonly merger?: string
  /** How many changes it has that the previous build had not: merges, and commits that went to the branch directly. */
  readonly changes?: number
  /** The run of the pipeline that made it. */
  readonly run?: string
}

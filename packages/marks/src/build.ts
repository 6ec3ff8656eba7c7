/** The running service and build. Fields that could not be detected are absent. */
export interface Build {
  readonly service?: string
  readonly version?: string
  readonly revision?: string
  /** The roll-out that put this build here; on Kubernetes the ReplicaSet. */
  readonly deployment?: string
  /** Identifies this process among those of the service. */
  readonly instance?: string
  /** The repository's URL, without credentials. */
  readonly repository?: string
  /** The pull or merge request that the build was made for. */
  readonly change?: string
  /** The author of the change. */
  readonly author?: string
  /** Who merged it or, if unknown, who started its pipeline. */
  readonly merger?: string
  /** How many changes it adds to the previous build: merges, and commits made directly on the branch. */
  readonly changes?: number
  /** The pipeline run that built it. */
  readonly run?: string
}

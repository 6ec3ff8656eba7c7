/** The kind of a change: a build was deployed, a flag was changed, or something else worth knowing happened. */
export type ChangeKind = 'deploy' | 'flag' | 'event'

/** A change, as reported or as seen in spans. Unknown strings are empty. */
export interface Change {
  /** Stays the same if the change is reported again. */
  readonly id: string
  readonly kind: ChangeKind
  /** Empty if the change is not specific to one service, as a flag's may be. */
  readonly service: string
  /** The build that was deployed. */
  readonly version: string
  /** The flag that was changed. */
  readonly flag: string
  /** What happened, in one line. */
  readonly what: string
  readonly author: string
  readonly mergedBy: string
  readonly commit: string
  /** A page about the change, such as a pull request. */
  readonly url: string
  readonly environment: string
  /** How many changes the build bundles on top of the previous one; 0 if unknown. */
  readonly changes: number
  /** When the change was committed, in milliseconds since 1970; 0 if unknown. */
  readonly committedMs: number
  readonly atMs: number
  /** Where the report came from: `cli`, `github`, `cdevents`, `flagger`, `spans`, or a name given by the reporter. */
  readonly source: string
}

/** A change on the timeline, which merges reports of the same deploy. */
export interface TimelineChange extends Change {
  /** When the build's first user requests ended, in milliseconds since 1970; null if it has had none. */
  readonly servedMs: number | null
}

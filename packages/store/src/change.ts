/** Something that changed: a build was deployed, a flag was turned, or something else happened that people look for. */
export type ChangeKind = 'deploy' | 'flag' | 'event'

/** A change, as somebody reported it or as spans show it. Texts are empty where nothing is known. */
export interface Change {
  /** The same however often it is reported. */
  readonly id: string
  readonly kind: ChangeKind
  /** Empty where it is of no service alone, as a flag may be. */
  readonly service: string
  /** The build that was deployed. */
  readonly version: string
  /** The flag that was turned. */
  readonly flag: string
  /** What happened, in one line. */
  readonly what: string
  readonly author: string
  readonly mergedBy: string
  readonly commit: string
  /** Where the change is looked at, such as a pull request. */
  readonly url: string
  readonly environment: string
  /** How many changes a build bundles that the one before had not; 0 where that is not known. */
  readonly changes: number
  /** When the change was committed, in milliseconds since 1970; 0 where that is not known. */
  readonly committedMs: number
  readonly atMs: number
  /** Who told of it: `cli`, `github`, `cdevents`, `flagger`, `spans`, or what was said. */
  readonly source: string
}

/** A change on the timeline, where reports of the same deploy are one. */
export interface TimelineChange extends Change {
  /** When the build's first requests of users ended, in milliseconds since 1970; null where none has come. */
  readonly servedMs: number | null
}

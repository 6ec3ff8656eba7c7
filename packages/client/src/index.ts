// Asking a server

export { type AskOptions, ask, type ServerAddress } from './ask.ts'
export {
  type Client,
  type ClientOptions,
  newClient,
  type Signalled,
  type VerdictOptions,
  type WatchOptions,
} from './client.ts'
export { type FollowOptions, follow } from './follow.ts'

// What it answers

export type {
  ComparisonAnswer,
  ComparisonBody,
  ComparisonEvent,
  ComparisonEvents,
  ComparisonList,
  ComparisonState,
  EndReason,
  JudgedComparison,
  Outcome,
  Progress,
  StartBody,
  Verdict,
  VerdictAnswer,
  VerdictQuery,
} from '@coalmine/comparator'
export { isVerdict } from './answers.ts'
export { exitCodes } from './exit-codes.ts'

// What goes wrong

export { CoalmineError, type CoalmineErrorKind, type Trouble } from './coalmine-error.ts'

// The server

export type { RunningServer, ServerOptions } from './server.ts'
export { startServer } from './start.ts'

// The location of a store: a directory or a ClickHouse

export { isRemote, shown } from '@coalmine/store'

// The tables of a store in a ClickHouse

export type { Initialised, InitOptions } from '@coalmine/store'
export { initStore } from './init-store.ts'

// The process that has a store's directory open

export { progressOf } from '@coalmine/store'
export { findServer, type Owner } from './owner.ts'

// Notifications

export type { NotificationFate, NotifyState, OpenAlert, TargetState } from './notify/notify-state.ts'
export type { NotifyOptions } from './notify/start-notify.ts'
export { type TriedTarget, tryTargets } from './notify/try.ts'

export { usualEvents } from './notify/usual-events.ts'

// Requests and answers of the API

export { type Change, parseSelector, type Trouble } from '@coalmine/store'
export type { ChangeBody } from './changes/parse-change.ts'
export type { ChangeAnswer, ChangesAnswer } from './changes/routes.ts'
export { type ErrorBody, heldStatus, ServerError } from './errors.ts'
export type { ImportAnswer, ImportState } from './import/import.ts'
export type { CalibrateAnswer, Replay } from './replay/calibrate.ts'

// The page of a comparison with its data in one file

export { type ReportContent, reportPage } from './page/one-file.ts'
export type { ComparisonView, ViewTrace, ViewTraces } from './views/view.ts'

// Stopping test runs

export { checkRunName, type Revoked, revokeInFile } from './test-runs/revoked-file.ts'
export type { TestRunOptions } from './test-runs/test-runs.ts'

// Rollouts

export type { RolloutOptions } from './rollouts/setup.ts'

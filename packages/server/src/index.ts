// The server

// What it answers
export { parseSelector } from '@coalmine/store'
export type { ErrorBody, ErrorKind } from './errors.ts'
export { HELD, ServerError } from './errors.ts'
export type { ImportAnswer } from './import/import.ts'
export { findServer, type Owner } from './owner.ts'
export type { CalibrateAnswer, Replay } from './replay/calibrate.ts'
export { type RunningServer, type ServerOptions, startServer } from './server.ts'

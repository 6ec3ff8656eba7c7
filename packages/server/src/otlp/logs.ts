import type { LogRecord } from '@coalmine/store'
import { noRefusals, type Refusals } from './refusals.ts'

/** What a request of log records brings. */
export interface Logs {
  /** Those that are stored: evaluations of flags. */
  readonly records: LogRecord[]
  readonly refusals: Refusals
  /** How many others there were, which nobody here asks for. */
  ignored: number
}

/** The event of the conventions that is stored. https://opentelemetry.io/docs/specs/semconv/feature-flags/feature-flags-events/ */
export const evaluationEvent = 'feature_flag.evaluation'

/** Where its name was before records had a field for it. */
export const eventNameKey = 'event.name'

/** A request that brought nothing. */
export const noLogs = (): Logs => ({ records: [], refusals: noRefusals(), ignored: 0 })

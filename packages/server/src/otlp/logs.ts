import type { LogRecord } from '@coalmine/store'
import { noRefusals, type Refusals } from './refusals.ts'

/** The content of a request of log records. */
export interface Logs {
  /** The records to store: evaluations of flags. */
  readonly records: LogRecord[]
  readonly refusals: Refusals
  /** The number of other records, which are dropped. */
  ignored: number
}

/** The event of the conventions that is stored. https://opentelemetry.io/docs/specs/semconv/feature-flags/feature-flags-events/ */
export const evaluationEvent = 'feature_flag.evaluation'

/** The attribute that held its name before records had a field for it. */
export const eventNameKey = 'event.name'

/** An empty result. */
export const noLogs = (): Logs => ({ records: [], refusals: noRefusals(), ignored: 0 })

import type { FlagRules, Slo } from '@coalmine/comparator'
import type { Store } from '@coalmine/store'
import type { Decoder } from './decoding/decoder.ts'
import type { Metrics } from './metrics.ts'
import type { Notify } from './notify/notify.ts'
import type { Admission } from './receive/admission.ts'
import type { Clocks } from './receive/clocks.ts'
import type { Limits } from './receive/limits.ts'
import type { RecentLimits } from './receive/recent-limits.ts'
import type { Turns } from './turns.ts'

/** When to acknowledge spans and log records: once the engine has stored them, or already when they are queued. */
export type Ack = 'stored' | 'queued'

/** What all routes share. */
export interface Context {
  readonly store: Store
  readonly now: () => number
  /** When spans are acknowledged. */
  readonly ack: Ack
  /** Bounds the bytes of requests in progress, across protocols. */
  readonly admission: Admission
  readonly limits: Limits
  /** Decodes large input on a separate thread. */
  readonly decoder: Decoder
  /** Compares the clocks of senders with the server's own. */
  readonly clocks: Clocks
  /** The limits that were recently hit. */
  readonly recentLimits: Pick<RecentLimits, 'counts'>
  /** Limits how many judging requests run at once. */
  readonly turns: Turns
  readonly metrics: Omit<Metrics, 'reader' | 'close' | 'observeTargets'>
  /** Notifies people. */
  readonly notify: Notify
  /** The server's own objectives, whose error budgets it counts. */
  readonly slos: readonly Slo[]
  /** The flag declarations in the server's file. */
  readonly flagRules: FlagRules
  /** Called with trouble that no client learns of. */
  readonly warn: (message: string) => void
  /** Version of the server. */
  readonly version: string
}

/** Metrics for a server that nobody scrapes: does nothing. */
export const unmeasured: Context['metrics'] = {
  received: () => {},
  receivedLogs: () => {},
  limited: () => {},
  judged: () => {},
  notified: () => {},
  budgets: () => {},
}

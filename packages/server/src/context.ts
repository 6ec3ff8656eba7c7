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

/** When spans and log records are acknowledged: once the engine has them, or already when they wait for it. */
export type Ack = 'stored' | 'queued'

/** What every route works with. */
export interface Context {
  readonly store: Store
  readonly now: () => number
  /** When spans are acknowledged. */
  readonly ack: Ack
  /** Bytes of requests under way, whatever their protocol. */
  readonly admission: Admission
  readonly limits: Limits
  /** Decodes what is large on a thread of its own. */
  readonly decoder: Decoder
  /** Whether those of senders agree with the server's own. */
  readonly clocks: Clocks
  /** Which limits were met lately. */
  readonly recentLimits: Pick<RecentLimits, 'counts'>
  /** Questions that judge, a few at once. */
  readonly turns: Turns
  readonly metrics: Omit<Metrics, 'reader' | 'close' | 'observeTargets'>
  /** Tells people. */
  readonly notify: Notify
  /** The server's own objectives, whose error budgets it counts. */
  readonly slos: readonly Slo[]
  /** What the server's file declares of flags. */
  readonly flagRules: FlagRules
  /** Told of trouble that no client is told of. */
  readonly warn: (message: string) => void
  /** Version of the server. */
  readonly version: string
}

/** What a server measures whose metrics nobody reads. */
export const unmeasured: Context['metrics'] = {
  received: () => {},
  receivedLogs: () => {},
  limited: () => {},
  judged: () => {},
  notified: () => {},
  budgets: () => {},
}

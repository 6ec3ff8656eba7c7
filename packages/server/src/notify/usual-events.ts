import type { NotifyEvent, NotifyTarget } from '@coalmine/comparator'

/** The events sent to each kind of target by default. */
export const usualEvents: Readonly<Record<NotifyTarget['type'], readonly NotifyEvent[]>> = {
  webhook: ['started', 'pass', 'fail', 'inconclusive', 'invalid', 'resolved'],
  slack: ['fail', 'resolved'],
  pagerduty: ['started', 'pass', 'fail', 'resolved'],
  alertmanager: ['fail', 'resolved'],
  github: ['started', 'pass', 'fail', 'inconclusive', 'invalid'],
  grafana: ['started', 'pass', 'fail', 'inconclusive', 'invalid'],
}

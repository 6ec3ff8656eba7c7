import type { NotifyEvent, NotifyTarget } from '@coalmine/comparator'

/** What kinds of target are told unless the file says otherwise. */
export const usualEvents: Readonly<Record<NotifyTarget['type'], readonly NotifyEvent[]>> = {
  webhook: ['started', 'pass', 'fail', 'inconclusive', 'invalid', 'resolved'],
  slack: ['fail', 'resolved'],
  pagerduty: ['started', 'pass', 'fail', 'resolved'],
  alertmanager: ['fail', 'resolved'],
  github: ['started', 'pass', 'fail', 'inconclusive', 'invalid'],
  grafana: ['started', 'pass', 'fail', 'inconclusive', 'invalid'],
}

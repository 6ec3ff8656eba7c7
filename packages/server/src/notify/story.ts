import type { ComparisonState, Outcome, Verdict } from '@coalmine/comparator'
import { duration } from '@coalmine/comparator/numbers'
import { impactsOf } from './impact.ts'
import type { ChosenRequests, Notification } from './notification.ts'
import { rollsBackItself, type SeverityRules, severityOf } from './severity.ts'

/** Something that happened to a comparison. */
export interface Happened {
  readonly kind: 'started' | 'interim' | 'settled'
  /** As it is then. */
  readonly state: ComparisonState
  readonly outcome: Outcome | null
  readonly verdict: Verdict | undefined
  readonly request: ChosenRequests
  readonly atMs: number
}

const shownImpacts = 3

/** The message about it, without the number that its `id` may need. */
export function storyOf(
  { kind, state, outcome, verdict, request, atMs }: Happened,
  rules: SeverityRules,
): Notification {
  const { id, service, labels, startedAt, reason } = state
  const event = kind === 'started' ? 'started' : kind === 'interim' ? 'interim' : (outcome ?? 'inconclusive')
  const isRolledBack = rollsBackItself(labels)
  const judged = kind === 'started' ? undefined : verdict
  const severity = judged && kind === 'settled' ? severityOf(judged, rules, isRolledBack) : 'record'
  const raised = judged && kind === 'settled' && isRolledBack ? severityOf(judged, rules, false) : severity
  const firstServed = judged?.window.start
  const deployedAt = firstServed !== undefined && firstServed < startedAt ? firstServed : startedAt
  return {
    id: `${id}/${kind}`,
    about: id,
    event,
    severity,
    at: new Date(atMs).toISOString(),
    service,
    title: titleOf(event, state, outcome),
    text: judged ? textOf(judged, reason) : kind === 'settled' && reason !== null ? [reason] : [],
    since: outcome === 'fail' && firstServed !== undefined ? firstServed : null,
    deployedAt,
    path: `/comparisons/${id}`,
    version: versionOf(request.canary),
    labels,
    requests: request,
    outcome,
    ...(raised !== severity && { severityUnlessRolledBack: raised }),
    ...(judged && { goneAfterMs: goneAfterMsOf(judged) }),
  }
}

// Twenty requests that do not come are no accident.
const fewestMissed = 20
const dayMs = 86_400_000

function goneAfterMsOf({ window, cohorts }: Verdict): number {
  const betweenMs = (window.seconds * 1000) / Math.max(1, cohorts.canary.requests)
  return Math.min(dayMs, Math.round(fewestMissed * betweenMs))
}

function titleOf(
  event: Notification['event'],
  { service, stable, canary }: ComparisonState,
  outcome: Outcome | null,
): string {
  switch (event) {
    case 'started':
      return `${service}: comparing ${canary} with ${stable}`
    case 'interim':
      return `So far ${(outcome ?? 'nothing').toUpperCase()}: ${service} ${canary} against ${stable}`
    case 'fail':
      return `FAIL: ${service} ${canary} is worse than ${stable}`
    case 'pass':
      return `PASS: ${service} ${canary} is no worse than ${stable}`
    default:
      return `${event.toUpperCase()}: ${service} ${canary} against ${stable}`
  }
}

function textOf(verdict: Verdict, reason: string | null): readonly string[] {
  const impacts = impactsOf(verdict)
  if (impacts.length === 0) return [verdict.reasons[0]?.message ?? reason ?? ''].filter((sentence) => sentence !== '')
  const more = impacts.length - shownImpacts
  const after = verdict.decidedAfterSeconds
  return [
    ...impacts.slice(0, shownImpacts).map(({ sentence }) => `${sentence}.`),
    ...(more > 0 ? [`And ${more} more.`] : []),
    ...(after === null ? [] : [`Proved after ${duration(after)} of canary traffic.`]),
  ]
}

/** The build that a selector names, and nothing else. */
function versionOf(selector: string): string | null {
  return /^service\.version=([^,]+)$/.exec(selector)?.[1] ?? null
}

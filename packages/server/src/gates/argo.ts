import type { Outcome } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import { text } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import { settledOutcome } from '../comparisons/state.ts'
import { waiting, waitOf } from '../comparisons/waiting.ts'
import type { Links } from '../links.ts'
import { answerOf, type GateRequest, parseGate, startedFor } from './gate.ts'

/** The answer that an AnalysisTemplate reads and shows. */
export interface ArgoAnswer {
  readonly verdict: Outcome | 'running'
  /** Why, in one line. */
  readonly reason: string
  readonly url: string
}

/**
 * `POST /gates/argo`: answers the web metric of an AnalysisTemplate. The status is 200 whatever the verdict, because Argo Rollouts
 * treats any other status as a failed measurement and shows no reason.
 *
 * `run` distinguishes one rollout of a version from the next. `wait` holds the answer back until there is a verdict; keep it shorter
 * than `timeoutSeconds` of the metric.
 */
export function registerArgo(app: FastifyInstance, comparisons: Comparisons, links: Links, now: () => number): void {
  app.post('/gates/argo', async (request, reply): Promise<ArgoAnswer> => {
    const { run, wait, subject, ...given } = Object(request.body) as Record<string, unknown>
    const gate = parseGate(given)
    const asked: GateRequest = {
      tool: 'argo',
      subject: subject === undefined ? gate.body.service : text(subject, 'subject'),
      run: run === undefined || run === '' ? undefined : text(run, 'run'),
      ...gate,
    }
    const { signal, release } = waiting(waitOf(wait), reply)
    try {
      let state = await startedFor(comparisons, asked, now(), request.callerName)
      while (!signal.aborted && !comparisons.closing.aborted && settledOutcome(state) === 'running') {
        await comparisons.changed(state.id, signal)
        state = comparisons.get(state.id)
      }
      const { verdict, opens, why } = answerOf(state, asked.otherwise)
      return {
        // The gate was told to open at its deadline.
        verdict: verdict === 'inconclusive' && opens ? 'pass' : verdict,
        reason: why,
        url: links.comparison(state.id, request),
      }
    } finally {
      release()
    }
  })
}

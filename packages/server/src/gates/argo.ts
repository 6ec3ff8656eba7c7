import type { Outcome } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import { text } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import { settledOutcome } from '../comparisons/state.ts'
import { waiting, waitOf } from '../comparisons/waiting.ts'
import type { Links } from '../links.ts'
import { answerOf, type GateRequest, parseGate, startedFor } from './gate.ts'

/** What an AnalysisTemplate reads, and what it shows. */
export interface ArgoAnswer {
  readonly verdict: Outcome | 'running'
  /** Why, in one line. */
  readonly reason: string
  readonly url: string
}

/**
 * `POST /gates/argo`: what the web metric of an AnalysisTemplate asks. Whatever the verdict the status is 200, as Argo Rollouts takes
 * any other for an error of the measurement and shows no reason.
 *
 * `run` tells one rollout of a version from the next; `wait` holds the answer back until there is a verdict, for as long as
 * `timeoutSeconds` of the metric allows.
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
        // Of a gate that was told to open at its deadline.
        verdict: verdict === 'inconclusive' && opens ? 'pass' : verdict,
        reason: why,
        url: links.comparison(state.id, request),
      }
    } finally {
      release()
    }
  })
}

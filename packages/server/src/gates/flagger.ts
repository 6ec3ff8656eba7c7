import type { FastifyInstance, FastifyRequest } from 'fastify'
import { text } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import { ServerError } from '../errors.ts'
import type { Links } from '../links.ts'
import { answerOf, comparisonOf, type GateAnswer, type GateRequest, parseGate, startedFor } from './gate.ts'

/** The webhooks of Flagger, by their type. */
const hooks = [
  'confirm-rollout',
  'pre-rollout',
  'rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'post-rollout',
  'rollback',
  'event',
] as const
type Hook = (typeof hooks)[number]

// Flagger goes on at 200 to 202 alone. It drops what any 5xx and 429 say, and shows what another 4xx does.
const yes = 200
const no = 409
// For `rollback`, where yes is to roll back now.
const notNow = 404

/**
 * `POST /gates/flagger/TYPE`: what Flagger's webhook of that type asks. Its payload does not say the type, so the path does:
 * `rollback` rolls back on a yes, and one answer for all would roll back every healthy canary.
 *
 * Without metadata the deployments `NAME-primary` and `NAME` are compared, as Flagger calls them.
 */
export function registerFlagger(app: FastifyInstance, comparisons: Comparisons, links: Links, now: () => number): void {
  app.post('/gates/flagger/:type', async (request: FastifyRequest<{ Params: { type: string } }>, reply) => {
    const hook = hookOf(request.params.type)
    // Of what happens in the cluster there is nothing to decide, and an answer is not looked at.
    if (hook === 'event') return { answer: 'noted' }
    const asked = parseFlagger(request.body)
    const caller = request.callerName
    const state =
      hook === 'rollback' || hook === 'post-rollout' || hook === 'confirm-rollout'
        ? comparisonOf(comparisons, asked, now())
        : await startedFor(comparisons, asked, now(), caller)
    if (!state) {
      reply.code(hook === 'rollback' ? notNow : yes)
      return { answer: 'nothing has been compared for this release yet' }
    }
    if (hook === 'post-rollout' && state.state === 'running') await comparisons.stop(state.id, caller)
    const gate = answerOf(state, asked.otherwise)
    reply.code(statusFor(hook, gate))
    return { answer: gate.why, verdict: gate.verdict, url: links.comparison(state.id, request) }
  })
}

function statusFor(hook: Exclude<Hook, 'event'>, { verdict, passesNow, opens }: GateAnswer): number {
  switch (hook) {
    case 'confirm-rollout':
      return verdict === 'fail' ? no : yes
    case 'pre-rollout':
    case 'post-rollout':
      return yes
    case 'rollout':
      // Evidence that is not in yet must not count as a failed check.
      return verdict === 'running' || opens ? yes : no
    case 'confirm-traffic-increase':
    case 'confirm-promotion':
      return opens || (verdict === 'running' && passesNow) ? yes : no
    case 'rollback':
      return verdict === 'fail' ? yes : notNow
  }
}

function hookOf(type: string): Hook {
  const known = hooks.find((hook) => hook === type)
  if (known) return known
  throw new ServerError(
    'usage',
    `/gates/flagger/${JSON.stringify(type).slice(1, -1)}: expected the type of a webhook, one of ${hooks.join(', ')}`,
    { status: 404 },
  )
}

function parseFlagger(body: unknown): GateRequest {
  const { name, namespace, checksum, metadata } = Object(body) as Record<string, unknown>
  const deployment = text(name, 'name')
  const given = Object(metadata ?? {}) as Record<string, unknown>
  return {
    tool: 'flagger',
    subject: `${text(namespace, 'namespace')}/${deployment}`,
    run: checksum === undefined || checksum === '' ? undefined : text(checksum, 'checksum'),
    ...parseGate({
      service: deployment,
      stable: `k8s.deployment.name=${deployment}-primary`,
      canary: `k8s.deployment.name=${deployment}`,
      ...given,
    }),
  }
}

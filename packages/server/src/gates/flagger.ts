import type { Outcome } from '@coalmine/comparator'
import type { Change } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import { identified, saidMs, shortLine } from '../changes/parse-change.ts'
import { text } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'
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

// Flagger proceeds only at 200 to 202. It hides the body of a 5xx or 429 answer, and shows that of any other 4xx.
const yes = 200
const no = 409
// For `rollback`, where yes means to roll back now.
const notNow = 404

/** The answer that Flagger shows, and the address of the comparison's page. */
export interface FlaggerAnswer {
  /** Why, in one line. */
  readonly answer: string
  /** Missing if nothing has been compared yet. */
  readonly verdict?: Outcome | 'running'
  readonly url?: string
}

/**
 * `POST /gates/flagger/TYPE`: answers Flagger's webhook of that type. The type is in the path, because the payload lacks it:
 * `rollback` rolls back on a yes, so one answer for all types would roll back every healthy canary.
 *
 * Without metadata, the deployments `NAME-primary` and `NAME` are compared, as Flagger names them.
 */
export function registerFlagger(
  app: FastifyInstance,
  { store, now, warn }: Pick<Context, 'store' | 'now' | 'warn'>,
  comparisons: Comparisons,
  links: Links,
): void {
  // A timeline that cannot be written must not fail a release.
  const noted = async (body: unknown): Promise<void> => {
    try {
      await store.changes.keep(changeFromFlagger(body, now()))
    } catch (error) {
      warn(`an event from Flagger could not be put on the timeline: ${(error as Error).message}`)
    }
  }
  for (const hook of hooks)
    app.post(`/gates/flagger/${hook}`, async (request, reply): Promise<FlaggerAnswer> => {
      // Events of the cluster need no decision, and Flagger ignores the answer.
      if (hook === 'event') {
        await noted(request.body)
        return { answer: 'noted' }
      }
      const asked = parseFlagger(request.body)
      const state = startsComparison(hook)
        ? await startedFor(comparisons, asked, now(), request.callerName)
        : comparisonOf(comparisons, asked, now())
      if (!state) {
        reply.code(hook === 'rollback' ? notNow : yes)
        return { answer: 'nothing has been compared for this release yet' }
      }
      if (hook === 'post-rollout') await comparisons.stop(state.id, request.callerName)
      const gate = answerOf(state, asked.otherwise)
      reply.code(statusFor(hook, gate))
      return { answer: gate.why, verdict: gate.verdict, url: links.comparison(state.id, request) }
    })
}

// The others are called before the canary serves, or after the end.
const startsComparison = (hook: Hook): boolean =>
  hook !== 'confirm-rollout' && hook !== 'rollback' && hook !== 'post-rollout'

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

/** An event of the cluster. Its time is milliseconds, as a string. */
function changeFromFlagger(body: unknown, nowMs: number): Change {
  const { name, namespace, checksum, metadata } = Object(body) as Record<string, unknown>
  const { eventMessage, eventType, timestamp } = Object(metadata ?? {}) as Record<string, unknown>
  const atMs = saidMs(Number(timestamp ?? Number.NaN), nowMs)
  const what = shortLine(eventMessage) || shortLine(eventType)
  return identified(
    {
      kind: 'event',
      service: text(name, 'name'),
      version: '',
      flag: '',
      what: eventType === 'Warning' ? `Warning: ${what}` : what,
      author: '',
      mergedBy: '',
      commit: '',
      url: '',
      environment: shortLine(namespace),
      changes: 0,
      committedMs: 0,
      atMs,
      source: 'flagger',
    },
    `flagger/${shortLine(namespace)}/${text(name, 'name')}/${shortLine(checksum)}/${atMs}/${what}`.slice(0, 500),
  )
}

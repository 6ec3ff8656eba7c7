import type { ComparisonState } from '@coalmine/comparator'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { text } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import { ServerError } from '../errors.ts'
import type { Links } from '../links.ts'
import { answerOf, type GateRequest, parseGate, startedFor } from './gate.ts'

type WithId = FastifyRequest<{ Params: { id: string } }>

const configId = 'coalmine'
const longestMs = 7 * 86_400_000

/** The available canary configs. */
export type KayentaCanaryConfigs = readonly KayentaCanaryConfig[]

/** A canary config, as shown in lists. */
export interface KayentaCanaryConfig {
  readonly id: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly updatedTimestamp: number
  readonly updatedTimestampIso: string
  readonly applications: readonly string[]
}

/** An analysis that was started. */
export interface KayentaStarted {
  readonly canaryExecutionId: string
}

/** The state of an analysis. */
export interface KayentaExecution {
  readonly application: string
  readonly complete: boolean
  readonly status: 'running' | 'succeeded'
  readonly stageStatus: object
  readonly canaryConfigId: string
  readonly startTimeIso: string
  readonly endTimeIso?: string
  /** Set once it is complete. */
  readonly result?: {
    readonly judgeResult: {
      readonly judgeName: string
      readonly results: readonly []
      readonly groupScores: readonly ({ readonly name: string } & KayentaApiScore)[]
      readonly score: KayentaApiScore
    }
  }
}

/** A score from 0 to 100, and its classification. */
export interface KayentaApiScore {
  readonly score: number
  readonly classification: 'Pass' | 'Marginal' | 'Fail'
  readonly classificationReason: string
}

/**
 * The three routes of Kayenta that its clients call (Argo Rollouts, Spinnaker), under `/gates/kayenta`: list the canary configs, start an
 * analysis, and get its state with a score. An analysis is an ordinary comparison. Its verdict becomes the score: 100 for PASS, 0 for
 * FAIL and INVALID, halfway between the request's thresholds for INCONCLUSIVE.
 */
export function registerKayentaApi(
  app: FastifyInstance,
  comparisons: Comparisons,
  links: Links,
  now: () => number,
): void {
  app.get('/gates/kayenta/canaryConfig', async ({ query }): Promise<KayentaCanaryConfigs> => {
    const { application } = Object(query) as Record<string, unknown>
    const at = now()
    return [
      {
        id: configId,
        name: configId,
        updatedTimestamp: at,
        updatedTimestampIso: new Date(at).toISOString(),
        applications: typeof application === 'string' ? [application] : [],
      },
    ]
  })
  app.post('/gates/kayenta/canary/:id', async (request: WithId): Promise<KayentaStarted> => {
    if (request.params.id !== configId)
      throw new ServerError(
        'usage',
        `canaryConfig ${JSON.stringify(request.params.id)}: the only one here is ${configId}`,
        { status: 404 },
      )
    const { application } = Object(request.query) as Record<string, unknown>
    const asked = parseExecution(request.body, text(application, 'application'))
    return { canaryExecutionId: (await startedFor(comparisons, asked, now(), request.callerName)).id }
  })
  app.get('/gates/kayenta/canary/:id', async (request: WithId) =>
    executionOf(comparisons.get(request.params.id), links.comparison(request.params.id, request)),
  )
}

interface Execution {
  readonly scopes: unknown
  readonly thresholds: unknown
}

function parseExecution(body: unknown, application: string): GateRequest {
  const { scopes, thresholds } = Object(body) as Partial<Execution>
  const [first] = Object.values(Object(scopes ?? {})) as unknown[]
  const { controlScope, experimentScope } = Object(first) as Record<string, unknown>
  const control = scopeOf(controlScope, 'controlScope')
  const experiment = scopeOf(experimentScope, 'experimentScope')
  const { pass, marginal } = thresholdsOf(thresholds)
  const service = experiment.service ?? application
  const gate = parseGate({ service, stable: control.selector, canary: experiment.selector })
  return {
    tool: 'kayenta',
    // Two pipelines of one application must not stop each other's analyses.
    subject: `${application} ${control.selector} ${experiment.selector}`,
    // Every request to Kayenta starts an analysis of its own.
    run: experiment.start,
    ...gate,
    body: {
      ...gate.body,
      window: { start: experiment.start },
      forMs: Math.min(longestMs, Math.max(0, Date.parse(experiment.end) - Date.parse(experiment.start))),
    },
    labels: { 'gate.pass': String(pass), 'gate.marginal': String(marginal) },
  }
}

interface Scope {
  readonly service: string | undefined
  readonly selector: string
  readonly start: string
  readonly end: string
}

/** Kayenta's scopes are free text. Here each is a selector, preceded by `service=...` if the application is not the service. */
function scopeOf(value: unknown, name: string): Scope {
  const { scope, start, end } = Object(value) as Record<string, unknown>
  const said = text(scope, `scopes: ${name}.scope`).trim()
  const match = /^(?:service=(\S+)\s+)?(\S+=\S*)$/.exec(said)
  if (!match)
    throw new ServerError(
      'usage',
      `scopes: ${name}.scope: expected a selector such as service.version=2.0.0, or service=shop service.version=2.0.0, got ${JSON.stringify(said)}`,
    )
  return {
    service: match[1],
    selector: match[2]!,
    start: momentOf(start, `scopes: ${name}.start`),
    end: momentOf(end, `scopes: ${name}.end`),
  }
}

function momentOf(value: unknown, name: string): string {
  const said = text(value, name)
  if (!Number.isNaN(Date.parse(said))) return said
  throw new ServerError('usage', `${name}: expected a moment such as 2026-11-20T10:00:00Z, got ${JSON.stringify(said)}`)
}

function thresholdsOf(value: unknown): { readonly pass: number; readonly marginal: number } {
  const { pass = 95, marginal = 75 } = Object(value ?? {}) as Record<string, unknown>
  if (typeof pass === 'number' && typeof marginal === 'number' && 0 < marginal && marginal <= pass && pass <= 100)
    return { pass, marginal }
  throw new ServerError(
    'usage',
    `thresholds: expected pass and marginal from 0 to 100, the second not above the first, got ${JSON.stringify(value)}`,
  )
}

/** Argo reads `complete` and the score, which it truncates to a whole number. Spinnaker's page shows the rest. */
function executionOf(state: ComparisonState, url: string): KayentaExecution {
  const { verdict, why } = answerOf(state, 'halt')
  const isComplete = verdict !== 'running'
  const { service, startedAt, endedAt, labels } = state
  const execution: KayentaExecution = {
    application: service,
    complete: isComplete,
    status: isComplete ? 'succeeded' : 'running',
    stageStatus: {},
    canaryConfigId: configId,
    startTimeIso: startedAt,
    ...(endedAt !== null && { endTimeIso: endedAt }),
  }
  if (!isComplete) return execution
  const [pass, marginal] = [Number(labels['gate.pass'] ?? 95), Number(labels['gate.marginal'] ?? 75)]
  const score = verdict === 'pass' ? 100 : verdict === 'inconclusive' ? Math.floor((pass + marginal) / 2) : 0
  const classification = score >= pass ? 'Pass' : score >= marginal ? 'Marginal' : 'Fail'
  const told: KayentaApiScore = { score, classification, classificationReason: `${why} ${url}` }
  return {
    ...execution,
    result: {
      judgeResult: {
        judgeName: 'coalmine',
        results: [],
        groupScores: [{ name: configId, ...told }],
        score: told,
      },
    },
  }
}

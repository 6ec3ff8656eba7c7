import { Readable } from 'node:stream'
import type { FlagChangeVerdict } from '@coalmine/comparator'
import type { Change, ChangeKind, ChangesAsked, TimelineChange } from '@coalmine/store'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { moment } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import type { FlagVerdicts } from '../flags/flag-verdicts.ts'
import { changeFromCdEvent, isCdEvent } from './cdevents.ts'
import { changeFromFlagTool } from './flag-tools.ts'
import { changeFromGitHub, isSigned } from './github.ts'
import { parseChange } from './parse-change.ts'
import { type SignatureHeader, signatureHeaders, signatures, type WebhookSecrets } from './signatures.ts'

/** The result of reporting a change. */
export interface ChangeAnswer {
  /** The stored change; null if the request reports no change. */
  readonly change: Change | null
  /** Why nothing was stored. */
  readonly why: string | null
}

/** The answer of `GET /api/changes`, newest first. */
export interface ChangesAnswer {
  readonly changes: readonly JudgedChange[]
}

/** A change and, if it turned a flag, its effect on users; null if it did not, or the effect is unknown. */
export interface JudgedChange extends TimelineChange {
  readonly verdict: FlagChangeVerdict | null
}

/** Options of the routes for changes. */
export interface ChangesOptions {
  /** The secrets for verifying webhooks, by the header that holds the signature. */
  readonly secrets: WebhookSecrets
  readonly flagVerdicts: Pick<FlagVerdicts, 'of'>
}

const mostBytes = 1_000_000

/**
 * `POST /api/changes` takes a deploy or another change, as our own JSON, as a CDEvent, or as a webhook of GitHub or a flag service;
 * a correctly signed webhook needs no token. `GET /api/changes` returns the timeline, and `GET /api/builds?service=` how a service's
 * requests were shared among its builds.
 */
export function registerChanges(
  app: FastifyInstance,
  { store, now, turns }: Context,
  { secrets, flagVerdicts }: ChangesOptions,
): void {
  app.addContentTypeParser(
    'application/cloudevents+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
  app.post('/api/changes', {
    bodyLimit: mostBytes,
    config: { isSigned: true },
    // The signature covers the raw bytes.
    preParsing: async (request, _reply, payload) => {
      const header = signatureHeaders.find((one) => request.headers[one] !== undefined)
      // GrowthBook signs whether or not anybody has its key; the token that it sends as well has been checked by now.
      const isChecked = request.headers.authorization !== undefined
      if (header === undefined || (isChecked && secrets[header] === undefined)) return payload
      const bytes = await bytesOf(payload)
      mustBeSigned(bytes, header, String(request.headers[header]), secrets[header])
      return Readable.from([bytes])
    },
    handler: async (request, reply): Promise<ChangeAnswer> => {
      const change = changeIn(request, now())
      if (change === undefined)
        return { change: null, why: 'the event does not say that anything was deployed or changed' }
      if (!(await store.changes.keep(change)))
        throw new ServerError('unavailable', 'changes cannot be stored: the store is read-only, or its disk is full')
      reply.code(201)
      return { change, why: null }
    },
  })
  app.get('/api/changes', async ({ query }): Promise<ChangesAnswer> => {
    const asked = askedIn(Object(query) as Record<string, unknown>)
    const changes = await turns.take(
      () => false,
      () => store.changes.list(asked),
    )
    const verdicts = await flagVerdicts.of(changes)
    return { changes: changes.map((change, at): JudgedChange => ({ ...change, verdict: verdicts[at] ?? null })) }
  })
  app.get('/api/builds', async ({ query }) => {
    const { service } = Object(query) as Record<string, unknown>
    if (typeof service !== 'string' || service === '')
      throw new ServerError('usage', 'service: expected one, as in /api/builds?service=storefront')
    return turns.take(
      () => false,
      () => store.services.builds(service),
    )
  })
}

function changeIn({ headers, body }: FastifyRequest, nowMs: number): Change | undefined {
  const event = headers['x-github-event']
  if (typeof event === 'string') return changeFromGitHub(event, body, nowMs)
  if (isCdEvent(body)) return changeFromCdEvent(body, nowMs)
  const turned = changeFromFlagTool(body, nowMs)
  return turned === undefined ? parseChange(body, nowMs) : (turned ?? undefined)
}

function mustBeSigned(bytes: Buffer, header: SignatureHeader, signature: string, secret: string | undefined): void {
  const refused = (message: string): ServerError =>
    new ServerError('unavailable', message, { status: 401, limit: 'token' })
  const { variable, prefix } = signatures[header]
  if (secret === undefined)
    throw refused(`this server has no secret to check ${header} with: start it with ${variable}`)
  // Others sign as GitHub does, but without naming the algorithm.
  if (!isSigned(bytes, prefix + signature, secret)) throw refused(`${header} does not match this body and ${variable}`)
}

async function bytesOf(payload: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of payload) {
    const bytes = Buffer.from(part)
    length += bytes.length
    if (length > mostBytes)
      throw new ServerError('malformed', `the body is larger than ${mostBytes} bytes`, { status: 413 })
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

const mostListed = 1_000

function askedIn({ service, version, kind, since, until, limit }: Record<string, unknown>): ChangesAsked {
  const text = (value: unknown, name: string): string | undefined => {
    if (value === undefined || typeof value === 'string') return value
    throw new ServerError('usage', `${name}: expected only one`)
  }
  if (kind !== undefined && !['deploy', 'flag', 'event'].includes(String(kind)))
    throw new ServerError('usage', `kind: expected deploy, flag or event, got ${JSON.stringify(kind)}`)
  const most = limit === undefined ? undefined : Number(limit)
  if (most !== undefined && !(Number.isInteger(most) && most >= 1 && most <= mostListed))
    throw new ServerError('usage', `limit: expected a number from 1 to ${mostListed}, got ${JSON.stringify(limit)}`)
  return {
    service: text(service, 'service'),
    version: text(version, 'version'),
    kind: kind as ChangeKind | undefined,
    sinceMs: moment(since, 'since'),
    untilMs: moment(until, 'until'),
    limit: most,
  }
}

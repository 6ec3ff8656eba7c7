import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Change } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { identified, saidMs, shortLine } from './parse-change.ts'

/**
 * Whether a body was signed with a secret, as GitHub signs its webhooks.
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 *
 * @example isSigned(Buffer.from('Hello, World!'), 'sha256=757107ea...', "It's a Secret to Everybody")
 */
export function isSigned(body: Buffer, signature: string, secret: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => Object(value ?? {}) as Fields

/**
 * The change that a GitHub webhook reports; undefined if it reports none. A deployment is one deploy from its request
 * to its end; a failed one is an event. The deployment's payload may name the service and the build as `service` and
 * `version`; otherwise the service is the repository, and the build is found by its commit or by the deployed tag.
 *
 * Throws a ServerError of kind `malformed` for a body that does not come from GitHub.
 */
export function changeFromGitHub(event: string, body: unknown, nowMs: number): Change | undefined {
  if (event !== 'deployment' && event !== 'deployment_status') return undefined
  const { deployment, deployment_status: status, repository, workflow_run: run } = fieldsOf(body)
  const { id, sha, ref, task, environment, description, payload, creator, created_at: createdAt } = fieldsOf(deployment)
  const { name, full_name: fullName, html_url: page } = fieldsOf(repository)
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof sha !== 'string' || typeof name !== 'string')
    throw new ServerError('malformed', `the body is not a ${event} event of GitHub: it has no deployment`)
  const { state, created_at: statusAt, description: statusText, environment_url: shown } = fieldsOf(status)
  if (event === 'deployment_status' && state !== 'success' && state !== 'failure' && state !== 'error') return undefined
  const said = payloadOf(payload)
  const failed = state === 'failure' || state === 'error'
  const repositoryUrl = webAddress(page)
  const change: Omit<Change, 'id'> = {
    kind: failed ? 'event' : 'deploy',
    service: shortLine(said['service']) || shortLine(name),
    version: shortLine(said['version']) || versionIn(ref),
    flag: '',
    what: failed
      ? `Deployment ${state === 'failure' ? 'failed' : 'ended with an error'}${shortLine(statusText) && `: ${shortLine(statusText)}`}`
      : shortLine(description) || (task === 'deploy' ? '' : shortLine(task)),
    author: shortLine(said['author']),
    mergedBy: shortLine(said['mergedBy']) || shortLine(fieldsOf(creator)['login']),
    commit: shortLine(sha),
    url:
      webAddress(said['url']) ||
      webAddress(fieldsOf(run)['html_url']) ||
      webAddress(shown) ||
      (repositoryUrl && `${repositoryUrl}/commit/${encodeURIComponent(sha)}`),
    environment: shortLine(environment),
    changes: 0,
    committedMs: 0,
    atMs: saidMs(event === 'deployment_status' ? statusAt : createdAt, nowMs),
    source: 'github',
  }
  // A failed deployment turns from a deploy into an event under the same id.
  return identified(change, `github/${shortLine(fullName) || name}/${id}`)
}

// The payload is a string of JSON if the deployment was created through a form.
function payloadOf(payload: unknown): Fields {
  if (typeof payload !== 'string') return fieldsOf(payload)
  try {
    return fieldsOf(JSON.parse(payload))
  } catch {
    return {}
  }
}

/** The version in a tag; a branch does not identify a build. */
function versionIn(ref: unknown): string {
  const tag = shortLine(ref).replace(/^refs\/tags\//, '')
  return /^v?\d+(\.\d+)+/.test(tag) ? tag.replace(/^v(?=\d)/, '') : ''
}

const webAddress = (value: unknown): string => {
  const text = shortLine(value)
  return /^https?:\/\/\S+$/i.test(text) ? text : ''
}

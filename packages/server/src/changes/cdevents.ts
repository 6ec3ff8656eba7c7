import type { Change } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { identified, saidMs, shortLine } from './parse-change.ts'

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => Object(value ?? {}) as Fields

const deploys = ['deployed', 'upgraded', 'rolledback', 'published']

/** Whether a body is a CDEvent: its context has a type. */
export function isCdEvent(body: unknown): boolean {
  return typeof fieldsOf(eventOf(body)['context'])['type'] === 'string'
}

// A CloudEvent carries the CDEvent as its data.
const eventOf = (body: unknown): Fields => {
  const fields = fieldsOf(body)
  return 'context' in fields ? fields : fieldsOf(fields['data'])
}

/**
 * The change that a CDEvent reports; undefined if it reports none. Events of services are deploys, and a removed service is
 * an event. The build is the version or the tag in the artifact's package URL.
 * https://cdevents.dev/docs/continuous-deployment
 *
 * Throws a ServerError of kind `malformed` if the event lacks a mandatory field.
 */
export function changeFromCdEvent(body: unknown, nowMs: number): Change | undefined {
  const { context, subject } = eventOf(body)
  const { id, type, timestamp, source } = fieldsOf(context)
  const predicate = /^dev\.cdevents\.service\.(\w+)\.\d/.exec(String(type))?.[1]
  if (predicate === undefined || !(deploys.includes(predicate) || predicate === 'removed')) return undefined
  const { id: subjectId, content } = fieldsOf(subject)
  const { environment, artifactId } = fieldsOf(content)
  if (typeof id !== 'string' || typeof subjectId !== 'string')
    throw new ServerError('malformed', `the event ${type} has no context.id, or no subject.id`)
  const artifact = artifactOf(shortLine(artifactId))
  const isDeploy = predicate !== 'removed' && (artifact.version !== '' || artifact.commit !== '')
  return identified(
    {
      kind: isDeploy ? 'deploy' : 'event',
      service: shortLine(subjectId).replace(/^.*\//, '') || shortLine(subjectId),
      version: artifact.version,
      flag: '',
      what:
        predicate === 'rolledback' ? 'Rolled back' : predicate === 'removed' ? 'Removed' : isDeploy ? '' : 'Deployed',
      author: '',
      mergedBy: '',
      commit: artifact.commit,
      url: '',
      environment: shortLine(fieldsOf(environment)['id']).replace(/^.*\//, ''),
      changes: 0,
      committedMs: 0,
      atMs: saidMs(timestamp, nowMs),
      source: 'cdevents',
    },
    `cdevents/${shortLine(source)}/${id}`.slice(0, 500),
  )
}

/** The tag of `pkg:oci/shop@sha256%3A1f2e...?tag=2.0.0`, the version of `pkg:npm/shop@2.0.0`. https://github.com/package-url/purl-spec */
function artifactOf(purl: string): { readonly version: string; readonly commit: string } {
  const [, version = '', query = ''] = /^pkg:[^@?#]+(?:@([^?#]*))?(?:\?([^#]*))?/.exec(purl) ?? []
  const qualifiers = new URLSearchParams(query)
  const named = decoded(version)
  const isDigest = /^sha256:/.test(named)
  const vcs = /@([0-9a-f]{7,40})$/.exec(qualifiers.get('vcs_url') ?? '')?.[1]
  return { version: qualifiers.get('tag') ?? (isDigest ? '' : named), commit: vcs ?? '' }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

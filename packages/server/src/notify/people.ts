import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { NotifyConfig } from '@coalmine/comparator'
import { type AskGitHub, isCommit, mergerOf, pullOf } from './github-api.ts'
import type { Change, Notification, Person } from './notification.ts'

/** Sources for looking up who made a change; each returns what it knows, and never throws. */
export interface ChangeSources {
  /** The build marks of the canary's spans. */
  readonly marks: (notification: Notification) => Promise<Change>
  /** The reported deploy of a build. */
  readonly deploys: (service: string, version: string) => Promise<Change>
  /** A checkout in which to run git. */
  readonly git: string | undefined
  readonly gitHub: (repository: string | undefined) => AskGitHub | undefined
}

// People still remember a deploy of the last hour.
const freshMs = 3_600_000

/** Looks up the change behind a message, in the labels of its comparison, its spans, its deploy, git, and GitHub, in this order. */
export async function changeOf(notification: Notification, sources: ChangeSources): Promise<Change> {
  const { service, version } = notification
  let change = labelled(notification.labels)
  const isKnown = (): boolean => change.author !== undefined && change.merger !== undefined
  const add = (more: Change): void => {
    change = { ...more, ...change }
  }
  if (!isKnown() || change.commit === undefined) add(await sources.marks(notification))
  if (version !== null && (!isKnown() || notification.deployedAt === null)) add(await sources.deploys(service, version))
  if (!isKnown() && sources.git !== undefined && change.commit !== undefined)
    add(await fromGit(sources.git, change.commit))
  if (!isKnown() && change.commit !== undefined && isCommit(change.commit)) {
    const askGitHub = sources.gitHub(notification.labels['repository'])
    if (askGitHub) add(await fromGitHub(askGitHub, change.commit))
  }
  return change
}

/** The people whom a message concerns. */
export function peopleOf(
  { service, at, deployedAt: firstServedAt }: Notification,
  { author, merger, deployedAt }: Change,
  { services = {}, people = {} }: Pick<NotifyConfig, 'services' | 'people'>,
): readonly Person[] {
  const isFresh = Date.parse(at) - Date.parse(firstServedAt ?? deployedAt ?? '') <= freshMs
  const named = (role: Person['role'], name: string | undefined): readonly Person[] => {
    if (name === undefined) return []
    const slack = ownValue(people, name) ?? ownValue(people, name.toLowerCase())
    return [{ role, name, ...(slack !== undefined && { slack }) }]
  }
  const makers = isFresh ? [...named('author', author), ...(merger === author ? [] : named('merger', merger))] : []
  if (makers.length > 0) return makers
  const { owner, slack } = ownValue(services, service) ?? {}
  if (owner === undefined && slack === undefined) return []
  return [{ role: 'owner', name: owner ?? service, ...(slack !== undefined && { slack }) }]
}

/** Looks up an untrusted name among own properties only: every object has a `constructor`. */
export function ownValue<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

/** Reads a change from the labels of a comparison, under the names that pipelines use. */
export function labelled(labels: Readonly<Record<string, string>>): Change {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => ownValue(labels, name)?.trim()).find((text) => text !== undefined && text !== '')
  return known({
    commit: first('commit', 'sha', 'revision'),
    change: first('change', 'pr', 'pull_request')?.replace(/^#/, ''),
    repository: first('repository'),
    author: first('author'),
    merger: first('merger', 'merged_by', 'mergedBy'),
  })
}

/** Drops the unknown fields of a change. */
export function known(change: { readonly [Key in keyof Change]: string | undefined }): Change {
  return Object.fromEntries(Object.entries(change).filter(([, text]) => text !== undefined && text !== ''))
}

const run = promisify(execFile)

async function fromGit(folder: string, commit: string): Promise<Change> {
  // Anything that begins with a dash would be taken for an option.
  if (!isCommit(commit)) return {}
  try {
    const format = '--format=%P%x00%an%x00%cn'
    const { stdout } = await run('git', ['-C', folder, 'log', '-1', format, commit], { timeout: 5_000 })
    const [parents = '', author, committer] = stdout.trim().split('\0')
    if (parents.split(' ').length > 1) {
      const second = await run('git', ['-C', folder, 'log', '-1', '--format=%an', `${commit}^2`], { timeout: 5_000 })
      return known({ author: second.stdout.trim(), merger: author })
    }
    // Merges made on GitHub's page are committed by GitHub itself.
    return known({ author, merger: committer === 'GitHub' ? undefined : committer })
  } catch {
    return {}
  }
}

async function fromGitHub(askGitHub: AskGitHub, commit: string): Promise<Change> {
  const pull = await pullOf(askGitHub, commit)
  if (!pull) return {}
  return known({ change: String(pull.number), author: pull.author, merger: await mergerOf(askGitHub, pull.number) })
}

import type { Ask, Delivery, TargetAnswer } from './request.ts'

/** How GitHub is asked about one repository. */
export interface GitHubAccess {
  /** Such as `https://api.github.com`. */
  readonly api: string
  readonly token: string
}

/** A request to GitHub's API: a path of the repository, or a whole URL as its own answers give them. */
export type AskGitHub = (
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  content?: object,
) => Promise<TargetAnswer & { readonly json: unknown }>

/** Asks GitHub about a repository, such as `acme/shop`. */
export function newAskGitHub({ api, token }: GitHubAccess, repository: string, ask: Ask): AskGitHub {
  const base = `${api.replace(/\/+$/, '')}/repos/${repository}`
  return async (method, path, content) => {
    // A link to the next page that leads elsewhere would take the token there.
    const url = path.startsWith('/') ? base + path : path
    if (!url.startsWith(`${api.replace(/\/+$/, '')}/`)) return { ...elsewhere, json: undefined }
    const answer = await ask({
      method,
      url,
      headers: headersOf({ token }),
      ...(content && { body: JSON.stringify(content) }),
    })
    const delivery = withPermission(answer.delivery)
    return { ...answer, delivery, json: parsed(answer.body) }
  }
}

const headersOf = ({ token }: Pick<GitHubAccess, 'token'>): Readonly<Record<string, string>> => ({
  accept: 'application/vnd.github+json',
  authorization: `Bearer ${token}`,
  'x-github-api-version': '2022-11-28',
})

const elsewhere: TargetAnswer = {
  delivery: { kind: 'refused', note: 'the next page is at another host' },
  body: '',
  headers: undefined,
}

/** What a token that may not answers does not say. */
function withPermission(delivery: Delivery): Delivery {
  if (delivery.kind !== 'refused' || !/^(401|403|404)\b/.test(delivery.note)) return delivery
  return { ...delivery, note: `${delivery.note} (the token needs statuses: write and pull-requests: write)` }
}

/** A pull request that brought a commit. */
export interface PullRequest {
  readonly number: number
  readonly author: string | undefined
}

/** The pull request that contains a commit, merged ones first; undefined if there is none or GitHub does not say. */
export async function pullOf(askGitHub: AskGitHub, commit: string): Promise<PullRequest | undefined> {
  const { json } = await askGitHub('GET', `/commits/${encodeURIComponent(commit)}/pulls`)
  const pulls: readonly unknown[] = Array.isArray(json) ? json : []
  const found = pulls.find((pull) => typeof Object(pull).merged_at === 'string') ?? pulls[0]
  const { number, user } = Object(found) as { number?: unknown; user?: unknown }
  return typeof number === 'number' ? { number, author: loginOf(user) } : undefined
}

/** Whether a comment is ours, by who wrote it: anybody may copy the line that marks it. */
export function isBy(user: unknown, own: string | undefined): boolean {
  return own === undefined ? (Object(user) as { type?: unknown }).type === 'Bot' : loginOf(user) === own
}

/** Who merged a pull request; undefined where nobody has. */
export async function mergerOf(askGitHub: AskGitHub, number: number): Promise<string | undefined> {
  const { json } = await askGitHub('GET', `/pulls/${number}`)
  return loginOf((Object(json) as { merged_by?: unknown }).merged_by)
}

/** The user that a token belongs to; undefined for an app's token, which may not ask. */
export async function ownLogin(access: GitHubAccess, ask: Ask): Promise<string | undefined> {
  const { body, delivery } = await ask({
    method: 'GET',
    url: `${access.api.replace(/\/+$/, '')}/user`,
    headers: headersOf(access),
  })
  return delivery.kind === 'sent' ? loginOf(parsed(body)) : undefined
}

function loginOf(user: unknown): string | undefined {
  const { login } = Object(user) as { login?: unknown }
  return typeof login === 'string' ? login : undefined
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Whether a text is the name of a commit, whole or shortened. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(text)
}

// What the action asks of GitHub's API. A verdict does not depend on it: what GitHub refuses is a warning.
import { setTimeout as sleep } from 'node:timers/promises'

const attempts = 4
const longestWaitMs = 60_000
const requestMs = 20_000

/** A commit status, a comment, a deployment status. Each is told once, with retries where GitHub asks to wait or fails. */
export function newGitHub({ api, repository, token, warn }) {
  const ask = async (method, path, body) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(path.startsWith('http') ? path : `${api}/repos/${repository}${path}`, {
        method,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'x-github-api-version': '2022-11-28',
          'user-agent': 'coalmine',
        },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(requestMs),
      }).catch((error) => error)
      if (!(answer instanceof Error) && answer.ok) return answer
      const waitMs = answer instanceof Error ? backoff(attempt) : waitOf(answer, attempt)
      if (waitMs === undefined || attempt === attempts) {
        const why =
          answer instanceof Error
            ? (answer.cause?.message ?? answer.message)
            : `${answer.status} ${await messageOf(answer)}`
        throw new Error(`${method} ${path.replace(api, '')}: ${why}`)
      }
      await sleep(waitMs)
    }
  }
  const told = async (what, needs, work) => {
    if (!token || !repository) return
    await work().catch((error) =>
      warn(`${what} was not told to GitHub: ${error.message} (it needs the permission ${needs})`),
    )
  }
  return {
    status: (sha, { state, description, url, context }) =>
      told('the commit status', 'statuses: write', () =>
        ask('POST', `/statuses/${sha}`, {
          state,
          context,
          description: shortened(description),
          ...(url && { target_url: url }),
        }),
      ),
    deployment: (id, { state, description, url }) =>
      told('the deployment status', 'deployments: write', () =>
        ask('POST', `/deployments/${id}/statuses`, {
          state,
          description: shortened(description),
          auto_inactive: false,
          ...(url && { log_url: url }),
        }),
      ),
    comment: (number, about, body) =>
      told('the comment', 'pull-requests: write', async () => {
        const marker = `<!-- ${about.replaceAll(/-{2,}|[<>]/g, '-')} -->`
        const text = { body: `${marker}\n${body}` }
        // Anybody may copy the marker: only our own comment is edited. A token of the workflow is a bot's, and may not ask whose it is.
        const login = await ask('GET', `${api}/user`)
          .then(async (answer) => (await answer.json()).login)
          .catch(() => undefined)
        const isOurs = ({ user }) => (login === undefined ? user?.type === 'Bot' : user?.login === login)
        for (let next = `/issues/${number}/comments?per_page=100`; next !== undefined; ) {
          const page = await ask('GET', next)
          const own = (await page.json()).find((comment) => comment.body?.startsWith(marker) && isOurs(comment))
          if (own) return ask('PATCH', `/issues/comments/${own.id}`, text)
          next = /<([^>]+)>; *rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
        }
        return ask('POST', `/issues/${number}/comments`, text)
      }),
  }
}

const backoff = (attempt) => Math.min(longestWaitMs, 500 * 4 ** (attempt - 1))

/** How long to wait before it is asked again; undefined where asking again would not help. */
function waitOf({ status, headers }, attempt) {
  const after = Number(headers.get('retry-after') ?? Number.NaN)
  const isSpent = headers.get('x-ratelimit-remaining') === '0'
  const resetMs = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000 - Date.now()
  if (status === 429 || (status === 403 && (!Number.isNaN(after) || isSpent))) {
    const asked = Number.isNaN(after) ? (isSpent ? resetMs : backoff(attempt)) : after * 1000
    return asked <= longestWaitMs ? Math.max(0, asked) : undefined
  }
  return status >= 500 ? backoff(attempt) : undefined
}

async function messageOf(answer) {
  const { message = '' } = await answer.json().catch(() => ({}))
  return String(message).slice(0, 200)
}

// GitHub takes no more, and drops the whole status otherwise.
const shortened = (text) => (text.length > 140 ? `${text.slice(0, 139)}…` : text)

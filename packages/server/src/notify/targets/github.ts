import type { Outcome, Verdict } from '@coalmine/comparator'
import { prose, verdictMarkdown } from '@coalmine/report'
import { type AskGitHub, type GitHubAccess, isBy, isCommit, newAskGitHub, ownLogin, pullOf } from '../github-api.ts'
import { cut, peopleLine, plainLine, sentences } from '../lines.ts'
import type { Message } from '../notification.ts'
import type { Delivery } from '../request.ts'
import type { Sender, SenderContext } from './target.ts'

/** What a GitHub target tells, and where. */
export interface GitHubSettings extends GitHubAccess {
  readonly repository: string | undefined
  /** Context of the commit status; empty for none. */
  readonly status: string
  readonly comment: boolean
  /** The verdict on a comparison, if there is one. */
  readonly verdictOf: (about: string) => Promise<Verdict | undefined>
}

// GitHub takes no more, and drops the whole status otherwise.
const longestDescription = 140

/** A commit status, and one comment on the pull request, which is edited: its first line says whose it is. As the action has it. */
export function newGitHub(settings: GitHubSettings, { ask }: SenderContext): Sender {
  const { status, comment, verdictOf } = settings
  let own: ReturnType<typeof ownLogin> | undefined
  return {
    takes: ({ event }) => event !== 'resolved' && event !== 'alert',
    deliver: async (message) => {
      const { commit } = message.change
      const repository = settings.repository ?? message.labels['repository']
      if (message.event === 'test') return testOf(settings, repository, message, { ask })
      if (commit === undefined || !isCommit(commit))
        return untold(message, 'no commit: give the comparison the label commit')
      if (repository === undefined || !isRepository(repository))
        return untold(message, 'no repository: set "repository" of the target in coalmine.yaml')
      const askGitHub = newAskGitHub(settings, repository, ask)
      const told = status === '' ? nothing : await tellStatus(askGitHub, commit, message, status)
      if (told.kind !== 'sent' || !comment || message.event === 'started' || message.event === 'interim') return told
      const number = await numberOf(message, askGitHub)
      if (number === undefined)
        return { ...told, note: `${told.note}; no pull request found for ${commit.slice(0, 12)}` }
      own ??= ownLogin(settings, ask)
      const about = { number, about: `coalmine ${message.service}`, own: await own }
      return tellComment(askGitHub, about, await bodyOf(message, verdictOf))
    },
  }
}

const nothing: Delivery = { kind: 'sent', note: '' }

/** Comparisons that people start to look around have no commit: that matters where something fails. */
function untold({ event }: Message, why: string): Delivery {
  return event === 'fail' ? { kind: 'refused', note: why } : { kind: 'sent', note: `nothing sent: ${why}` }
}

const isRepository = (text: string): boolean => /^[\w.-]+\/[\w.-]+$/.test(text)

/** A message that tries the target out changes nothing there. */
async function testOf(
  access: GitHubAccess,
  repository: string | undefined,
  { labels }: Message,
  { ask }: Pick<SenderContext, 'ask'>,
): Promise<Delivery> {
  const named = repository ?? labels['repository']
  if (named === undefined) return { kind: 'refused', note: 'nothing to test without the "repository" of the target' }
  const { delivery } = await newAskGitHub(access, named, ask)('GET', '/commits?per_page=1')
  return delivery.kind === 'sent' ? { kind: 'sent', note: `200 ${named} can be read` } : delivery
}

const states: Readonly<Record<Outcome, string>> = {
  pass: 'success',
  fail: 'failure',
  inconclusive: 'error',
  invalid: 'error',
}

async function tellStatus(askGitHub: AskGitHub, commit: string, message: Message, context: string): Promise<Delivery> {
  const { event, outcome, title, text, url } = message
  const isOver = event !== 'started' && event !== 'interim'
  const { delivery } = await askGitHub('POST', `/statuses/${commit}`, {
    state: isOver ? states[outcome ?? 'inconclusive'] : 'pending',
    context,
    description: cut(plainLine([title, ...text.slice(0, 1)].join('. ')), longestDescription),
    target_url: url,
  })
  return delivery
}

async function numberOf({ change }: Message, askGitHub: AskGitHub): Promise<number | undefined> {
  if (change.change !== undefined && /^\d+$/.test(change.change)) return Number(change.change)
  return (await pullOf(askGitHub, change.commit!))?.number
}

interface Comment {
  /** Of the pull request. */
  readonly number: number
  readonly about: string
  /** The author of our own comments; undefined for an app. */
  readonly own: string | undefined
}

async function tellComment(askGitHub: AskGitHub, { number, about, own }: Comment, text: string): Promise<Delivery> {
  const marker = `<!-- ${about.replaceAll(/-{2,}|[<>]/g, '-')} -->`
  const content = { body: `${marker}\n${text}` }
  for (let next: string | undefined = `/issues/${number}/comments?per_page=100`; next !== undefined; ) {
    const page: Awaited<ReturnType<AskGitHub>> = await askGitHub('GET', next)
    if (page.delivery.kind !== 'sent') return page.delivery
    const comments: readonly unknown[] = Array.isArray(page.json) ? page.json : []
    const found = comments.find((one) => String(Object(one).body).startsWith(marker) && isBy(Object(one).user, own))
    if (found) return (await askGitHub('PATCH', `/issues/comments/${Object(found).id}`, content)).delivery
    next = /<([^>]+)>; *rel="next"/.exec(page.headers?.get('link') ?? '')?.[1]
  }
  return (await askGitHub('POST', `/issues/${number}/comments`, content)).delivery
}

async function bodyOf(message: Message, verdictOf: GitHubSettings['verdictOf']): Promise<string> {
  const { title, about, text, url } = message
  const verdict = await verdictOf(about)
  const people = peopleLine(message)
  const said = verdict ? [...text, ...(people === undefined ? [] : [people])] : sentences(message)
  const top = said.map((sentence) => prose(plainLine(sentence))).join('\n')
  if (verdict) return `${top}\n\n${verdictMarkdown(verdict, { url })}`
  return `### ${prose(plainLine(title))}\n\n${top}\n\n[Open the page](<${encodeURI(url).replace(/[<>]/g, '')}>)\n`
}

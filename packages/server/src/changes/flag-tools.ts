import type { Change } from '@coalmine/store'
import { identified, saidMs, shortLine } from './parse-change.ts'

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => Object(value ?? {}) as Fields

/** The fields of a change that a flag service reports. */
type Told = Pick<Change, 'id' | 'flag' | 'what' | 'author' | 'environment' | 'url' | 'atMs' | 'source'>

/**
 * The flag change in a webhook of LaunchDarkly, Unleash or GrowthBook: who turned the flag, in which environment, from what
 * to what. Undefined for any other body; null for a webhook of theirs that is not about a flag.
 *
 * @example changeFromFlagTool({ type: 'feature-environment-enabled', featureName: 'new-pricing', ... }, Date.now())?.what // 'off -> on'
 */
export function changeFromFlagTool(body: unknown, nowMs: number): Change | null | undefined {
  const fields = fieldsOf(body)
  const told = fromLaunchDarkly(fields, nowMs) ?? fromUnleash(fields, nowMs) ?? fromGrowthBook(fields, nowMs)
  if (told === undefined) return undefined
  if (told.flag === '') return null
  const { id, ...rest } = told
  const change = { ...nothingSaid, ...rest, url: /^https?:\/\/\S+$/i.test(rest.url) ? rest.url : '' }
  return identified(change, id.slice(0, 500))
}

const nothingSaid = {
  kind: 'flag',
  service: '',
  version: '',
  mergedBy: '',
  commit: '',
  changes: 0,
  committedMs: 0,
} as const

/** Reads an entry of LaunchDarkly's audit log. https://launchdarkly.com/docs/api/webhooks */
function fromLaunchDarkly(body: Fields, nowMs: number): Told | undefined {
  const {
    _id: id,
    kind,
    date,
    member,
    titleVerb,
    target,
    comment,
    previousVersion,
    currentVersion,
    _links: links,
  } = body
  if (typeof id !== 'string' || typeof kind !== 'string' || !('accesses' in body || 'target' in body)) return undefined
  const resources = [fieldsOf(target)['resources']].flat().map(shortLine)
  // proj/shop:env/production:flag/new-pricing;tags
  const [, environment = '', flag = ''] =
    resources.map((one) => /(?:env\/([^:;]+))?:flag\/([^:;]+)/.exec(one)).find((found) => found !== null) ?? []
  const { email, firstName, lastName } = fieldsOf(member)
  const name = [firstName, lastName].map(shortLine).filter(Boolean).join(' ')
  const stateIn = (version: unknown): string =>
    onOff(fieldsOf(fieldsOf(fieldsOf(version)['environments'])[environment])['on'])
  const site = shortLine(fieldsOf(fieldsOf(links)['site'])['href'])
  return {
    id: `launchdarkly/${id}`,
    flag: kind === 'flag' ? flag : '',
    what: said(shortLine(titleVerb), fromTo(stateIn(previousVersion), stateIn(currentVersion)), shortLine(comment)),
    author: shortLine(email) || name,
    environment: environment === '*' ? '' : environment,
    url: site.startsWith('/') ? `https://app.launchdarkly.com${site}` : site,
    atMs: saidMs(date, nowMs),
    source: 'launchdarkly',
  }
}

const unleashStates: Readonly<Record<string, string>> = {
  'feature-environment-enabled': 'off -> on',
  'feature-environment-disabled': 'on -> off',
}
// Events of these types change nothing for users.
const unleashQuiet = /^feature-(tagged|untagged|metadata-updated|stale-|potentially-stale|favorited|unfavorited|import)/

/** Reads an event of Unleash's log. https://docs.getunleash.io/reference/integrations/webhook */
function fromUnleash(body: Fields, nowMs: number): Told | undefined {
  const { id, type, createdBy, createdAt, featureName, environment, data, preData, project } = body
  if (typeof type !== 'string' || !('createdBy' in body) || !('createdAt' in body)) return undefined
  const isTurn = type.startsWith('feature-') && !unleashQuiet.test(type)
  const rollout = (strategy: unknown): string => {
    const value = fieldsOf(fieldsOf(strategy)['parameters'])['rollout']
    return value === undefined ? '' : `${shortLine(String(value))} %`
  }
  const what =
    unleashStates[type] ??
    said(type.slice('feature-'.length).replaceAll('-', ' '), fromTo(rollout(preData), rollout(data)))
  return {
    id: id === undefined ? '' : `unleash/${shortLine(project)}/${String(id).slice(0, 100)}`,
    flag: isTurn ? shortLine(featureName) : '',
    what,
    author: shortLine(createdBy),
    environment: shortLine(environment),
    url: '',
    atMs: saidMs(createdAt, nowMs),
    source: 'unleash',
  }
}

// Advice, drafts, reviews and plans: none of them changes what users get, and publishing a draft is told as feature.updated too.
const growthBookQuiet = /^feature\.(saferollout|stale|revision|rampSchedule\.(created|deleted)|.*approv)/i

/**
 * Reads an event webhook of GrowthBook: `object` and `previous_attributes` where its payload is JSON, `current` and `previous`
 * where it is raw. https://docs.growthbook.io/app/webhooks/event-webhooks
 */
function fromGrowthBook(body: Fields, nowMs: number): Told | undefined {
  const { event, object, data, user, environments, timestamp, created } = body
  if (typeof event !== 'string' || typeof object !== 'string' || !('data' in body)) return undefined
  const { object: now, previous_attributes: before, current, previous } = fieldsOf(data)
  const feature = fieldsOf(now ?? current ?? previous ?? data)
  const earlier = fieldsOf(before ?? (current === undefined ? undefined : previous))
  const stateIn = (one: Fields, environment: string): string =>
    onOff(fieldsOf(fieldsOf(one['environments'])[environment])['enabled'])
  const turned = Object.keys(fieldsOf(earlier['environments'])).filter(
    (one) => stateIn(earlier, one) !== stateIn(feature, one),
  )
  const names = turned.length > 0 ? turned : [environments].flat().map(shortLine).filter(Boolean)
  const environment = names.length === 1 ? shortLine(names[0]) : ''
  const changed = Object.keys(earlier).filter(
    (key) => !/date|revision|version/i.test(key) && JSON.stringify(earlier[key]) !== JSON.stringify(feature[key]),
  )
  const verb = event.replace(/^feature\./, '').replaceAll('.', ' ')
  const { name, email } = fieldsOf(user)
  const isTurn = object === 'feature' && !growthBookQuiet.test(event)
  return {
    id: '',
    flag: isTurn ? shortLine(feature['id'] ?? feature['featureId']) : '',
    what: said(
      verb,
      fromTo(stateIn(earlier, environment), stateIn(feature, environment)) || shortLine(changed.join(', ')),
    ),
    author: shortLine(email) || shortLine(name),
    environment,
    url: '',
    atMs: saidMs(timestamp ?? created ?? feature['dateUpdated'], nowMs),
    source: 'growthbook',
  }
}

const onOff = (value: unknown): string => (value === true ? 'on' : value === false ? 'off' : '')

const fromTo = (before: string, after: string): string =>
  before === after || (before === '' && after === '') ? '' : `${before || '?'} -> ${after || '?'}`

const said = (...parts: readonly string[]): string => shortLine(parts.filter((part) => part !== '').join(': '))

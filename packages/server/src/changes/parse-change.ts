import { createHash } from 'node:crypto'
import type { Change, ChangeKind } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { refuseUnknown } from '../unknown-keys.ts'

/** The body of `POST /api/changes`: a deploy, a flag that was turned, or another event worth knowing. */
export interface ChangeBody {
  /** Default: deploy. */
  readonly kind?: ChangeKind
  readonly service?: string
  /** The build that was deployed, by the `service.version` of its spans. */
  readonly version?: string
  /** The flag that was turned. */
  readonly flag?: string
  /** What happened, in one line. */
  readonly what?: string
  readonly author?: string
  readonly mergedBy?: string
  readonly commit?: string
  /** The URL of the change, such as a pull request. */
  readonly url?: string
  readonly environment?: string
  /** How many changes the build adds to the one before. */
  readonly changes?: number
  /** When the change was committed, ISO 8601. */
  readonly committedAt?: string
  /** ISO 8601. Default: now. */
  readonly at?: string
  /** The reporter, such as `jenkins`. Default: `api`. */
  readonly source?: string
  /** Reports with the same id are one change. Without an id, identical reports within a minute are one. */
  readonly id?: string
}

const kinds: readonly ChangeKind[] = ['deploy', 'flag', 'event']
const textKeys = [
  'service',
  'version',
  'flag',
  'what',
  'author',
  'mergedBy',
  'commit',
  'url',
  'environment',
  'source',
  'id',
] as const
const known: readonly string[] = ['kind', ...textKeys, 'changes', 'committedAt', 'at']
const longest = { text: 500, url: 2_000 }
// Clocks differ; times farther ahead than this are a mistake in units.
const aheadMs = 3_600_000

/**
 * Parses the body of a change. Throws a ServerError of kind `usage` that names the key.
 *
 * @example parseChange({ service: 'shop', version: '2.0.0', author: 'maria' }, Date.now()).kind // 'deploy'
 */
export function parseChange(body: unknown, nowMs: number): Change {
  const given = Object(body) as Record<string, unknown>
  refuseUnknown(Object.fromEntries(Object.entries(given).filter(([key]) => !known.includes(key))), known)
  const { kind = 'deploy', changes = 0 } = given
  if (!kinds.includes(kind as ChangeKind))
    throw usage(`kind: expected deploy, flag or event, got ${JSON.stringify(kind)}`)
  if (!(typeof changes === 'number' && Number.isSafeInteger(changes) && changes >= 0 && changes < 1_000_000))
    throw usage(`changes: expected how many changes the build bundles, got ${JSON.stringify(changes)}`)
  const texts = Object.fromEntries(textKeys.map((key) => [key, textOf(given[key], key)])) as Texts
  return identified(
    {
      kind: kind as ChangeKind,
      ...texts,
      source: texts.source || 'api',
      changes,
      committedMs: momentOf(given['committedAt'], nowMs, 'committedAt') ?? 0,
      atMs: momentOf(given['at'], nowMs, 'at') ?? nowMs,
    },
    texts.id,
  )
}

type Texts = Record<(typeof textKeys)[number], string>

/**
 * Adds an id to a change: the given one, or one derived from its content, so that sending it twice within a minute makes one change.
 * Throws a ServerError of kind `usage` if it does not say what changed.
 */
export function identified(change: Omit<Change, 'id'>, id: string): Change {
  const { kind, service, version, flag, what, commit, environment, atMs, source } = change
  if (kind === 'deploy' && (service === '' || (version === '' && commit === '')))
    throw usage('a deploy needs service, and version or commit, to say which build of what was deployed')
  if (kind === 'flag' && flag === '') throw usage('flag: expected the key of the flag that was changed')
  if (kind === 'event' && what === '') throw usage('what: expected one line that says what happened')
  if (change.url !== '' && !/^https?:\/\/\S+$/i.test(change.url))
    throw usage(`url: expected a web address, got ${JSON.stringify(change.url)}`)
  if (id !== '') return { ...change, id }
  const minute = Math.floor(atMs / 60_000)
  const said = JSON.stringify([kind, service, version, flag, what, commit, environment, minute])
  return { ...change, id: `${source}/${createHash('sha256').update(said).digest('hex').slice(0, 16)}` }
}

function textOf(value: unknown, key: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw usage(`${key}: expected text, got ${JSON.stringify(value)}`)
  const most = key === 'url' ? longest.url : longest.text
  if (value.length > most) throw usage(`${key}: expected at most ${most} characters, got ${value.length}`)
  return oneLine(value)
}

/** Joins a text into one line. */
export const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f\s]+/g, ' ').trim()

/** A value from another tool as one line of limited length; empty if it is not a string. */
export const shortLine = (value: unknown): string =>
  typeof value === 'string' ? oneLine(value).slice(0, longest.text) : ''

function momentOf(value: unknown, nowMs: number, key: string): number | undefined {
  if (value === undefined) return undefined
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (!(ms >= 0 && ms <= nowMs + aheadMs))
    throw usage(
      `${key}: expected a moment such as 2026-11-20T10:00:00Z, not in the future, got ${JSON.stringify(value)}`,
    )
  return ms
}

/** A time from another tool, in milliseconds since 1970; now if it is missing or implausible. */
export function saidMs(value: unknown, nowMs: number): number {
  const ms = typeof value === 'string' ? Date.parse(value) : typeof value === 'number' ? value : Number.NaN
  return ms >= 0 && ms <= nowMs + aheadMs ? ms : nowMs
}

const usage = (message: string): ServerError => new ServerError('usage', message)

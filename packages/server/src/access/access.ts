import { randomBytes } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ServerError } from '../errors.ts'
import { digestOf, type KnownToken, tokenOf } from './known-tokens.ts'
import { allRights, includes, type Right } from './rights.ts'
import { newSessions, type Sessions } from './sessions.ts'
import { parseTokens } from './tokens-file.ts'

/** Who may do what on a server. */
export interface Access {
  /** Whether a token is required. */
  readonly asks: boolean
  /** The token that commands on the store's directory send; undefined if none is required. */
  readonly local: string | undefined
  /** The known token in an `authorization: Bearer ...`, or in the password of a `Basic ...`; undefined for an unknown one. */
  readonly bearer: (authorization: string | undefined) => KnownToken | undefined
  /** Looks up a token. */
  readonly holder: (token: string) => KnownToken | undefined
  /** Sessions of those who logged in on the page. */
  readonly sessions: Sessions
  /** Stops watching the file. */
  readonly close: () => void
}

/** Configures who may use a server. */
export interface AccessOptions {
  /** A single token with all rights. */
  readonly token?: string | undefined
  /** A file of tokens with names and rights. */
  readonly tokensFile?: string | undefined
  readonly now: () => number
  readonly warn: (message: string) => void
}

const everybody: KnownToken = { name: null, rights: allRights, digest: Buffer.alloc(0) }
const lookedAtEveryMs = 1_000

/**
 * Loads the tokens of a server. A tokens file is read again when it changes; if it cannot be read, the earlier tokens stay in
 * force and a warning is given.
 *
 * Throws a ServerError of kind `usage` if the token is empty, or the file cannot be read or parsed.
 *
 * @example const access = await newAccess({ tokensFile: 'tokens.txt', now: Date.now, warn: console.warn })
 */
export async function newAccess({ token, tokensFile, now, warn }: AccessOptions): Promise<Access> {
  if (token !== undefined && tokensFile !== undefined)
    throw new ServerError('usage', '--tokens cannot be used with --token: give one of them')
  // An empty token would let in anybody who sends none.
  if (token === '') throw new ServerError('usage', '--token: it is empty; give a token, or leave it out')
  const asks = token !== undefined || tokensFile !== undefined
  const local = tokensFile === undefined ? token : randomBytes(24).toString('hex')
  const own: readonly KnownToken[] =
    local === undefined
      ? []
      : [{ name: tokensFile === undefined ? null : 'local', rights: allRights, digest: digestOf(local) }]
  let known: readonly KnownToken[] = own
  const holder = (given: string): KnownToken | undefined => tokenOf(digestOf(given), known)
  const sessions = newSessions(now, ({ digest }) => tokenOf(digest, known))
  let close = (): void => {}
  if (tokensFile !== undefined) {
    known = [...own, ...(await readTokens(tokensFile))]
    close = whenChanged(tokensFile, async () => {
      try {
        const read = await readTokens(tokensFile)
        known = [...own, ...read]
        warn(
          `--tokens ${tokensFile} changed and was read again: it has ${read.length === 1 ? '1 token' : `${read.length} tokens`}`,
        )
      } catch (error) {
        warn(`${(error as Error).message}; the previous tokens stay in force`)
      }
    })
  }
  return {
    asks,
    local,
    holder,
    bearer: (authorization) => {
      if (!asks) return everybody
      const given = bearerOf(authorization) ?? passwordOf(authorization)
      return given === undefined ? undefined : holder(given)
    },
    sessions,
    close,
  }
}

const bearerOf = (authorization = ''): string | undefined => /^Bearer +(\S+) *$/i.exec(authorization)?.[1]

/** Reads the password of Basic authorization, for tools that can hold a token only in the URL: `http://gate:TOKEN@...`. */
function passwordOf(authorization = ''): string | undefined {
  const encoded = /^Basic +(\S+) *$/i.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

/**
 * Throws a ServerError with status 401 if the caller is unknown, and 403 if the caller lacks the right.
 *
 * @param authorization the header that was sent, which shows whether there was a token at all; it is never quoted.
 */
export function mustBeAllowed(
  caller: KnownToken | undefined,
  right: Right,
  authorization: string | undefined,
): asserts caller is KnownToken {
  if (!caller) {
    const why =
      authorization === undefined
        ? 'this server needs a token: pass it with --token or COALMINE_TOKEN'
        : 'this server does not know that token: check --token or COALMINE_TOKEN'
    throw new ServerError('unavailable', why, { status: 401, limit: 'token' })
  }
  if (includes(caller.rights, right)) return
  throw new ServerError(
    'unavailable',
    `the token of ${caller.name} has the right to ${caller.rights.join(', ')} here, but this needs ${right}: the server's --tokens file says who may do what`,
    { status: 403, limit: 'token' },
  )
}

async function readTokens(file: string): Promise<readonly KnownToken[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new ServerError('usage', `--tokens ${file}: ${why}`, { cause: error })
  })
  return parseTokens(text, file)
}

// Editors and Kubernetes replace the file, which a watch on the file itself would not see.
function whenChanged(file: string, changed: () => Promise<void>): () => void {
  const listener = (): void => void changed()
  watchFile(file, { interval: lookedAtEveryMs, persistent: false }, listener)
  return () => unwatchFile(file, listener)
}

import { ServerError } from '../errors.ts'
import { digestOf, type KnownToken } from './known-tokens.ts'
import { allRights, type Right } from './rights.ts'

const shortest = 16
const hash = /^sha256:([0-9a-f]{64})$/i
const name = /^[A-Za-z0-9][\w.@-]{0,63}$/

/**
 * Parses a tokens file: each line has a name, rights joined by commas, and the token or its SHA-256 in hex. Empty lines and
 * lines that begin with `#` are skipped.
 *
 * Throws a ServerError of kind `usage` that names the line.
 *
 * @example parseTokens('deploy  judge  sha256:9f86d081884c7d65...', 'tokens.txt') // [{ name: 'deploy', rights: ['judge'], ... }]
 */
export function parseTokens(text: string, file: string): readonly KnownToken[] {
  const tokens: (KnownToken & { readonly line: number })[] = []
  for (const [index, written] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const content = written.trim()
    if (content === '' || content.startsWith('#')) continue
    const line = index + 1
    const token = tokenIn(content, `${file}:${line}`)
    const same = tokens.find((other) => other.name === token.name || other.digest.equals(token.digest))
    if (same) {
      const what = same.name === token.name ? `the name ${token.name}` : 'the token'
      throw usage(`${file}:${line}: ${what} is on line ${same.line} too: each needs its own`)
    }
    tokens.push({ ...token, line })
  }
  if (tokens.length === 0) throw usage(`${file}: it has no tokens: expected lines such as "deploy  judge  TOKEN"`)
  return tokens.map(({ line: _, ...token }) => token)
}

function tokenIn(content: string, at: string): KnownToken {
  const [called, allowed, secret, ...more] = content.split(/\s+/)
  if (secret === undefined || allowed === undefined || more.length > 0)
    throw usage(`${at}: expected a name, rights and a token, such as "deploy  judge  TOKEN"`)
  if (!name.test(called!))
    throw usage(`${at}: the name: expected letters, digits and . _ @ -, of 64 characters at most`)
  return { name: called!, rights: rightsIn(allowed, at), digest: digestIn(secret, at) }
}

function rightsIn(text: string, at: string): readonly Right[] {
  return text.split(',').map((written) => {
    const right = allRights.find((one) => one === written)
    if (right) return right
    throw usage(`${at}: rights: expected ${allRights.join(', ')}, joined by commas, got ${JSON.stringify(written)}`)
  })
}

// Error messages never contain the token, because they end up in logs.
function digestIn(secret: string, at: string): Buffer {
  const hex = hash.exec(secret)?.[1]
  if (hex !== undefined) return Buffer.from(hex, 'hex')
  if (/^sha256:/i.test(secret))
    throw usage(`${at}: a hash is sha256: followed by 64 hexadecimal digits, as printed by printf %s TOKEN | sha256sum`)
  if (secret.length < shortest)
    throw usage(
      `${at}: a token of fewer than ${shortest} characters is too easy to guess: make one with openssl rand -hex 24`,
    )
  return digestOf(secret)
}

const usage = (message: string): ServerError => new ServerError('usage', message)

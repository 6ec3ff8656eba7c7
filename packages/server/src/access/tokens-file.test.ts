import { describe, expect, it } from 'vitest'
import { digestOf } from './known-tokens.ts'
import { parseTokens } from './tokens-file.ts'

const token = 'a-token-of-24-characters'
const hash = digestOf('another').toString('hex')

it('reads names, rights and tokens or their hashes, whatever wrote the file', () => {
  const text = `\ufeff# who\tmay\r\n\r\n  collector\tingest   ${token}\r\ndeploy@ci.example judge,ingest SHA256:${hash.toUpperCase()}\n`
  expect(parseTokens(text, 'tokens.txt')).toEqual([
    { name: 'collector', rights: ['ingest'], digest: digestOf(token) },
    { name: 'deploy@ci.example', rights: ['judge', 'ingest'], digest: Buffer.from(hash, 'hex') },
  ])
})

describe('what is no file of tokens is refused by its line, and never with the token', () => {
  it.each([
    ['nothing', '\n# none\n', 'tokens.txt: it has no tokens: expected lines such as'],
    ['a binary file', '\0\x01\x02', 'tokens.txt:1: expected a name, rights and a token'],
    ['a token alone', token, 'tokens.txt:1: expected a name, rights and a token'],
    ['a space too many', `deploy judge ${token} extra`, 'tokens.txt:1: expected a name'],
    ['rights with spaces', `deploy judge, read ${token}`, 'tokens.txt:1: expected a name'],
    [
      'an unknown right',
      `\ndeploy admin ${token}`,
      'tokens.txt:2: rights: expected ingest, read, judge, joined by commas, got "admin"',
    ],
    ['an empty right', `deploy judge, ${token}`, 'got ""'],
    ['a name that would be read as something else', `"><b> judge ${token}`, 'tokens.txt:1: the name: expected letters'],
    ['a short token', 'deploy judge secret', 'tokens.txt:1: a token of fewer than 16 characters'],
    ['half a hash', `deploy judge sha256:${hash.slice(1)}`, 'tokens.txt:1: a hash is sha256: followed by 64'],
    ['a name twice', `a read ${token}\na judge ${token}2`, 'tokens.txt:2: the name a is on line 1'],
    [
      'a token twice, once as its hash',
      `a read another-token-of-mine\nb judge sha256:${digestOf('another-token-of-mine').toString('hex')}`,
      'tokens.txt:2: the token is on line 1',
    ],
  ])('%s', (_, text, message) => {
    const parse = () => parseTokens(text, 'tokens.txt')
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(token)
  })
})

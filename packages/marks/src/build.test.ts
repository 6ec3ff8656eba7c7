import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { detectBuild } from './build.ts'

const revision = '0123456789abcdef0123456789abcdef01234567'
const bare = folder({})

it('believes explicit settings first', () => {
  const env = { OTEL_SERVICE_NAME: 'shop', COALMINE_VERSION: '2.0.0', COALMINE_REVISION: revision, GITHUB_SHA: 'other' }
  expect(detectBuild({ env, cwd: bare })).toEqual({ service: 'shop', version: '2.0.0', revision })
})

it('reads resource attributes as the SDK does: decoded, and void as a whole when one pair is malformed', () => {
  const attributes = `service.name=my%20shop, service.version=3,vcs.ref.head.revision=${revision}`
  expect(detectBuild({ env: { OTEL_RESOURCE_ATTRIBUTES: attributes }, cwd: bare })).toEqual({
    service: 'my shop',
    version: '3',
    revision,
  })
  expect(detectBuild({ env: { OTEL_RESOURCE_ATTRIBUTES: `${attributes},broken` }, cwd: bare })).toEqual({})
})

it.each(['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT', 'BUILDKITE_COMMIT', 'CIRCLE_SHA1', 'BUILD_SOURCEVERSION'])(
  'takes the revision from %s',
  (name) => expect(detectBuild({ env: { [name]: revision }, cwd: bare }).revision).toBe(revision),
)

it('appends the revision to the version of the nearest package.json, which two builds often share', () => {
  const cwd = folder({ 'package.json': '{ "name": "shop", "version": "1.0.0" }', 'src/app.js': '' })
  expect(detectBuild({ env: {}, cwd: join(cwd, 'src') })).toEqual({ service: 'shop', version: '1.0.0' })
  expect(detectBuild({ env: { GITHUB_SHA: revision }, cwd }).version).toBe('1.0.0+0123456')
})

it.each([
  ['a branch', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${revision}\n` }],
  [
    'a packed branch',
    { '.git/HEAD': 'ref: refs/heads/main\n', '.git/packed-refs': `# pack\n${revision} refs/heads/main\n` },
  ],
  ['a detached head', { '.git/HEAD': `${revision}\n` }],
  [
    'a linked worktree',
    {
      '.git': 'gitdir: main/.git/worktrees/w\n',
      'main/.git/worktrees/w/HEAD': 'ref: refs/heads/w\n',
      'main/.git/worktrees/w/commondir': '../..\n',
      'main/.git/refs/heads/w': `${revision}\n`,
    },
  ],
])('reads the revision of %s from git’s files', (_, files) => {
  expect(detectBuild({ env: {}, cwd: folder(files) })).toEqual({ version: revision.slice(0, 7), revision })
})

it('leaves out what nothing tells, and survives files that make no sense', () => {
  expect(detectBuild({ env: {}, cwd: bare })).toEqual({})
  expect(detectBuild({ env: {}, cwd: folder({ 'package.json': '{', '.git/HEAD': 'nonsense' }) })).toEqual({})
})

function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'coalmine-build-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Build } from './build.ts'
import { buildAttributes, detectBuild } from './detect-build.ts'

const revision = '0123456789abcdef0123456789abcdef01234567'
const folders = mkdtempSync(join(tmpdir(), 'coalmine-build-'))
const bare = folder({})

afterAll(() => rmSync(folders, { recursive: true }))

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

const nextRevision = revision.replace('0', 'f')

// What each provider's documentation says a job has.
const providers: [string, Record<string, string>, Build][] = [
  [
    'GitHub Actions',
    {
      GITHUB_ACTIONS: 'true',
      GITHUB_SHA: revision,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ID: '1658821493',
      GITHUB_ACTOR: 'grace',
      GITHUB_REF: 'refs/heads/main',
    },
    { repository: 'https://github.com/acme/shop', run: '1658821493', merger: 'grace' },
  ],
  [
    'GitLab',
    {
      GITLAB_CI: 'true',
      CI_COMMIT_SHA: revision,
      CI_COMMIT_BEFORE_SHA: '0'.repeat(40),
      CI_COMMIT_AUTHOR: 'Ada Lovelace <ada@example.com>',
      CI_PROJECT_URL: 'https://gitlab.example.com/acme/shop',
      CI_REPOSITORY_URL: 'https://gitlab-ci-token:secret@gitlab.example.com/acme/shop.git',
      CI_PIPELINE_ID: '1012',
      CI_MERGE_REQUEST_IID: '12',
      GITLAB_USER_LOGIN: 'grace',
    },
    {
      repository: 'https://gitlab.example.com/acme/shop',
      run: '1012',
      change: '12',
      author: 'Ada Lovelace',
      merger: 'grace',
    },
  ],
  [
    'Jenkins',
    {
      JENKINS_URL: 'https://ci.example.com/',
      BUILD_ID: '153',
      BUILD_TAG: 'jenkins-shop-153',
      GIT_COMMIT: revision,
      GIT_PREVIOUS_SUCCESSFUL_COMMIT: nextRevision,
      GIT_URL: 'git@github.com:acme/shop.git',
      CHANGE_ID: '12',
      CHANGE_AUTHOR: 'ada',
    },
    { repository: 'https://github.com/acme/shop', run: 'jenkins-shop-153', change: '12', author: 'ada' },
  ],
  [
    'Buildkite',
    {
      BUILDKITE: 'true',
      BUILDKITE_COMMIT: revision,
      BUILDKITE_REPO: 'git@github.com:acme/shop.git',
      BUILDKITE_BUILD_ID: '4735ba57-80d0-46e2-8fa0-b28223a86586',
      BUILDKITE_BUILD_AUTHOR: 'Ada Lovelace',
      BUILDKITE_BUILD_CREATOR: 'Grace Hopper',
      BUILDKITE_PULL_REQUEST: 'false',
    },
    {
      repository: 'https://github.com/acme/shop',
      run: '4735ba57-80d0-46e2-8fa0-b28223a86586',
      author: 'Ada Lovelace',
      merger: 'Grace Hopper',
    },
  ],
  [
    'CircleCI',
    {
      CIRCLECI: 'true',
      CIRCLE_SHA1: revision,
      CIRCLE_REPOSITORY_URL: 'git@github.com:acme/shop.git',
      CIRCLE_WORKFLOW_ID: '9c1b3f0e-7ee4-4b0d-a6d5-7f6b0a4e4c55',
      CIRCLE_USERNAME: 'grace',
      CIRCLE_PULL_REQUEST: 'https://github.com/acme/shop/pull/12',
    },
    {
      repository: 'https://github.com/acme/shop',
      run: '9c1b3f0e-7ee4-4b0d-a6d5-7f6b0a4e4c55',
      change: '12',
      merger: 'grace',
    },
  ],
  [
    'Azure Pipelines',
    {
      TF_BUILD: 'True',
      BUILD_SOURCEVERSION: revision,
      BUILD_REPOSITORY_URI: 'https://acme@dev.azure.com/acme/shop/_git/shop',
      BUILD_BUILDID: '123456',
      BUILD_REQUESTEDFOR: 'Grace Hopper',
      SYSTEM_PULLREQUEST_PULLREQUESTID: '12',
    },
    { repository: 'https://dev.azure.com/acme/shop/_git/shop', run: '123456', change: '12', merger: 'Grace Hopper' },
  ],
  [
    'Azure Pipelines, of a pull request on GitHub, whose ID is another thing than its number',
    {
      BUILD_SOURCEVERSION: revision,
      SYSTEM_PULLREQUEST_PULLREQUESTID: '512',
      SYSTEM_PULLREQUEST_PULLREQUESTNUMBER: '12',
    },
    { change: '12' },
  ],
  [
    'CircleCI, of a fork',
    { CIRCLE_SHA1: revision, CIRCLE_PR_NUMBER: '12', CIRCLE_PR_USERNAME: 'ada', CIRCLE_USERNAME: 'grace' },
    { change: '12', author: 'ada', merger: 'grace' },
  ],
]

it.each(providers)('reads what %s documents', (_, env, expected) => {
  expect(detectBuild({ env, cwd: bare })).toEqual({ version: '0123456', revision, ...expected })
})

it('takes no name for a revision, such as the HEAD of a Buildkite build that was not made for a commit', () => {
  const env = { BUILDKITE_COMMIT: 'HEAD', BUILDKITE_BUILD_ID: '7' }
  expect(detectBuild({ env, cwd: bare })).toEqual({ run: '7' })
})

it.each([
  [
    'a push, whose last commit that is no merge says who wrote it',
    {
      before: nextRevision,
      commits: [
        { message: 'Prices in euros', author: { username: 'ada' } },
        { message: 'Merge pull request #12', author: { username: 'grace' } },
      ],
    },
    { author: 'ada', merger: 'grace' },
  ],
  [
    'a pull request',
    { pull_request: { number: 12, user: { login: 'ada' }, merged_by: { login: 'alan' } } },
    { author: 'ada', merger: 'alan', change: '12' },
  ],
  ['nonsense', 'nonsense', { merger: 'grace' }],
])('reads the event that GitHub Actions runs for: %s', (_, event, expected) => {
  const cwd = folder({ 'event.json': typeof event === 'string' ? event : JSON.stringify(event) })
  const env = { GITHUB_EVENT_PATH: join(cwd, 'event.json'), GITHUB_ACTOR: 'grace' }
  expect(detectBuild({ env, cwd: bare })).toEqual(expected)
})

it.each([
  [{ POD_NAME: 'shop-7d9f8b6c5d-x2x4z' }, { instance: 'shop-7d9f8b6c5d-x2x4z', deployment: 'shop-7d9f8b6c5d' }],
  [
    { KUBERNETES_SERVICE_HOST: '10.0.0.1', HOSTNAME: 'web-shop-5b8d7c9f4-tq9zn' },
    { instance: 'web-shop-5b8d7c9f4-tq9zn', deployment: 'web-shop-5b8d7c9f4' },
  ],
  [{ MY_POD_NAME: 'shop-0' }, { instance: 'shop-0' }],
  [{ HOSTNAME: 'laptop' }, {}],
])('takes the instance and its ReplicaSet from the name of the pod: %o', (env, expected) => {
  expect(detectBuild({ env, cwd: bare })).toEqual(expected)
})

it.each([
  ['https://user:token@github.com/acme/shop.git', 'https://github.com/acme/shop'],
  ['ssh://git@github.com:22/acme/shop.git', 'https://github.com/acme/shop'],
  ['git@gitlab.example.com:group/sub/shop.git', 'https://gitlab.example.com/group/sub/shop'],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop'],
])('names the repository %s as %s, without credentials', (url, expected) => {
  expect(detectBuild({ env: { COALMINE_REPOSITORY: url }, cwd: bare }).repository).toBe(expected)
})

describe('in a git checkout', () => {
  const origin = folder({})
  const git = (cwd: string, author: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'commit.gpgsign=false', ...args], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: process.env['PATH'],
        HOME: bare,
        GIT_AUTHOR_NAME: author,
        GIT_AUTHOR_EMAIL: 'a@example.com',
        GIT_COMMITTER_NAME: author,
        GIT_COMMITTER_EMAIL: 'a@example.com',
      },
    }).trim()
  const commit = (author: string): string => {
    git(origin, author, 'commit', '--allow-empty', '-q', '-m', 'A change')
    return git(origin, author, 'rev-parse', 'HEAD')
  }
  git(origin, 'grace', 'init', '-q', '-b', 'main')
  git(origin, 'grace', 'remote', 'add', 'origin', 'https://token@github.com/acme/shop.git')
  const first = commit('grace')
  git(origin, 'ada', 'checkout', '-q', '-b', 'feature')
  commit('ada')
  const tip = commit('ada')
  git(origin, 'grace', 'checkout', '-q', 'main')
  git(origin, 'grace', 'merge', '-q', '--no-ff', '-m', 'Merge', 'feature')
  const merged = git(origin, 'grace', 'rev-parse', 'HEAD')
  const said: string[] = []

  beforeEach(() => {
    said.splice(0)
    const log = (message: string): void => void said.push(message)
    diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
    return () => diag.disable()
  })

  it('a merge is one change, by who wrote it and who merged it', () => {
    expect(detectBuild({ env: { COALMINE_PREVIOUS_REVISION: first }, cwd: origin })).toEqual({
      version: merged.slice(0, 7),
      revision: merged,
      repository: 'https://github.com/acme/shop',
      author: 'ada',
      merger: 'grace',
      changes: 1,
    })
    expect(said).toEqual([])
  })

  it('warns when a build bundles several changes', () => {
    commit('alan')
    const build = detectBuild({ env: { CI_COMMIT_BEFORE_SHA: first }, cwd: origin })
    expect(build).toMatchObject({ author: 'alan', merger: 'alan', changes: 2 })
    expect(said).toEqual([expect.stringContaining('this build bundles 2 changes')])
  })

  it.each([
    ['that the clone has not', '1'.repeat(40)],
    ['of another branch', tip],
    ['that is none', '0'.repeat(40)],
  ])('does not count from a previous revision %s', (_, previous) => {
    expect(detectBuild({ env: { COALMINE_PREVIOUS_REVISION: previous }, cwd: origin }).changes).toBeUndefined()
  })

  it('says of a shallow clone what it can know: who merged, not who wrote', () => {
    const shallow = folder({})
    git(origin, 'grace', 'branch', '-f', 'at-merge', merged)
    git(shallow, 'grace', 'clone', '-q', '--depth', '1', '--branch', 'at-merge', `file://${origin}`, 'clone')
    const env = { COALMINE_PREVIOUS_REVISION: first }
    const build = detectBuild({ env, cwd: join(shallow, 'clone') })
    expect(build).toMatchObject({ revision: merged, merger: 'grace' })
    expect(build).not.toHaveProperty('author')
    expect(build).not.toHaveProperty('changes')
  })

  it('reads git’s files where there is no git', () => {
    const head = git(origin, 'grace', 'rev-parse', 'HEAD')
    const path = process.env['PATH']
    process.env['PATH'] = bare
    try {
      expect(detectBuild({ env: { COALMINE_PREVIOUS_REVISION: first }, cwd: origin })).toEqual({
        version: head.slice(0, 7),
        revision: head,
        repository: 'https://github.com/acme/shop',
      })
    } finally {
      process.env['PATH'] = path
    }
  })
})

it('becomes the attributes of a resource, which it is read back from', () => {
  const build: Build = {
    service: 'shop',
    version: '2.0.0',
    revision,
    deployment: 'd7',
    instance: 'pod-1',
    repository: 'https://github.com/acme/shop',
    change: '12',
    author: 'ada',
    merger: 'grace',
    changes: 1,
    run: '99',
  }
  const attributes = buildAttributes(build)
  expect(attributes).toEqual({
    'service.name': 'shop',
    'service.version': '2.0.0',
    'service.instance.id': 'pod-1',
    'vcs.ref.head.revision': revision,
    'vcs.repository.url.full': 'https://github.com/acme/shop',
    'vcs.change.id': '12',
    'coalmine.change.author': 'ada',
    'coalmine.change.merger': 'grace',
    'coalmine.change.count': 1,
    'deployment.id': 'd7',
    'cicd.pipeline.run.id': '99',
  })
  const list = Object.entries(attributes).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  expect(detectBuild({ env: { OTEL_RESOURCE_ATTRIBUTES: list.join(',') }, cwd: bare })).toEqual(build)
  expect(buildAttributes({})).toEqual({})
})

it('leaves out what nothing tells, and survives files that make no sense', () => {
  expect(detectBuild({ env: {}, cwd: bare })).toEqual({})
  expect(detectBuild({ env: {}, cwd: folder({ 'package.json': '{', '.git/HEAD': 'nonsense' }) })).toEqual({})
})

function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(folders, 'of-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

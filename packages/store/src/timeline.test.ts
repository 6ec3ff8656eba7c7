import { expect, it } from 'vitest'
import type { Change } from './change.ts'
import type { BuildServed } from './read/builds-served.ts'
import { mergedChanges, withBuilds } from './timeline.ts'

const minute = 60_000
const hour = 60 * minute
const start = Date.UTC(2026, 10, 20, 10)
const commit = '4f2c9d1aa0b7c1d2e3f4a5b6c7d8e9f0a1b2c3d4'

const deploy = (changes: Partial<Change>): Change => ({
  id: 'one',
  kind: 'deploy',
  service: 'shop',
  version: '2.0.0',
  flag: '',
  what: '',
  author: '',
  mergedBy: '',
  commit: '',
  url: '',
  environment: '',
  changes: 0,
  committedMs: 0,
  atMs: start,
  source: 'cli',
  ...changes,
})

const marks = { commit: '', repository: '', url: '', author: '', mergedBy: '', environment: '', changes: 0 }
const build = (changes: Partial<BuildServed>): BuildServed => ({
  version: '2.0.0',
  firstMs: start + 2 * minute,
  lastMs: start + hour,
  requests: 100,
  marks,
  ...changes,
})

const known = { service: 'shop', forgottenMs: start - 24 * hour }

it('reports of one deploy are one, with all that any of them says', () => {
  const merged = mergedChanges([
    deploy({ id: 'b', source: 'github', commit, environment: 'production', atMs: start + minute, mergedBy: 'noah' }),
    deploy({ id: 'a', author: 'maria' }),
    deploy({
      id: 'c',
      source: 'cdevents',
      version: '',
      commit: commit.slice(0, 8),
      url: 'https://example.com/7',
      atMs: start + hour,
    }),
  ])
  expect(merged).toHaveLength(1)
  expect(merged[0]).toMatchObject({
    id: 'a',
    version: '2.0.0',
    author: 'maria',
    mergedBy: 'noah',
    commit,
    url: 'https://example.com/7',
    environment: 'production',
    atMs: start,
    source: 'cli, github, cdevents',
  })
})

it('the first requests of a build belong to the deploy that was reported, however long before, and say when it served', () => {
  const served = deploy({ id: 'spans/shop/2.0.0', source: 'spans', atMs: start + 20 * hour })
  const again = deploy({ id: 'again', atMs: start + 30 * hour })
  const found = mergedChanges([again, served, deploy({ author: 'maria' })])
  expect(found.map(({ id, source, servedMs }) => [id, source, servedMs])).toEqual([
    ['again', 'cli', null],
    ['one', 'cli', start + 20 * hour],
  ])
})

it.each([
  ['the same build a day later', deploy({ id: 'b', atMs: start + 24 * hour })],
  ['another build', deploy({ id: 'b', version: '2.0.1' })],
  ['another service', deploy({ id: 'b', service: 'cart' })],
  ['another environment', deploy({ id: 'b', environment: 'staging' })],
  ['a flag', deploy({ id: 'b', kind: 'flag', version: '', flag: 'pricing' })],
])('%s is a change of its own', (_, other) => {
  expect(mergedChanges([other, deploy({ environment: 'production' })])).toHaveLength(2)
})

it('a deploy is known by its first requests, and takes what their spans say of it', () => {
  const found = withBuilds(
    mergedChanges([deploy({ atMs: start }), deploy({ id: 'again', atMs: start + 30 * hour })]),
    [build({ marks: { ...marks, author: 'maria', mergedBy: 'noah', changes: 3 } })],
    known,
  )
  expect(found.map(({ id, servedMs, author, changes }) => [id, servedMs, author, changes])).toEqual([
    ['again', null, '', 0],
    ['one', start + 2 * minute, 'maria', 3],
  ])
})

it('a deploy that is reported without its version is found by its commit', () => {
  const [found] = withBuilds(
    mergedChanges([deploy({ version: '', commit })]),
    [build({ marks: { ...marks, commit } })],
    known,
  )
  expect(found).toMatchObject({ version: '2.0.0', servedMs: start + 2 * minute })
})

it('a build that nobody reported was deployed when it first served, unless it served since before all that is known', () => {
  expect(withBuilds([], [build({})], known)).toMatchObject([
    { id: 'spans/shop/2.0.0', kind: 'deploy', version: '2.0.0', atMs: start + 2 * minute, source: 'spans' },
  ])
  expect(withBuilds([], [build({ firstMs: known.forgottenMs })], known)).toEqual([])
})

const turn = (changes: Partial<Change>): Change => deploy({ kind: 'flag', flag: 'pricing', version: '', ...changes })

it('takes a turn of a flag for one, whoever tells of it within minutes: the best is who turned it', () => {
  const told = turn({ id: 'seen', source: 'spans', what: 'on 0 % -> 50 %', atMs: start - minute })
  const turned = turn({
    id: 'ld',
    source: 'launchdarkly',
    service: '',
    author: 'maria',
    what: 'on for half',
    atMs: start,
  })
  const heard = turn({ id: 'shop', source: 'openfeature', atMs: start + 2_000 })
  const elsewhere = turn({ id: 'cart', source: 'openfeature', service: 'cart', atMs: start + 3_000 })
  expect(mergedChanges([heard, told, elsewhere, turned])).toEqual([
    { ...turned, source: 'launchdarkly, openfeature', servedMs: null },
  ])
  // Twice by the same hand is twice, as another flag, another service, and hours later are.
  const back = turn({ id: 'ld/2', source: 'launchdarkly', service: '', what: 'off', atMs: start + 5 * minute })
  expect(mergedChanges([turned, back, { ...told, atMs: start + 6 * minute }]).map(({ id }) => id)).toEqual([
    'ld/2',
    'ld',
  ])
  expect(mergedChanges([turned, { ...heard, flag: 'banner' }])).toHaveLength(2)
  expect(mergedChanges([told, { ...heard, service: 'cart' }])).toHaveLength(2)
  expect(mergedChanges([turned, { ...heard, atMs: start + hour }])).toHaveLength(2)
  expect(
    mergedChanges([
      { ...turned, environment: 'staging' },
      { ...heard, environment: 'production' },
    ]),
  ).toHaveLength(2)
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, coalmine as coalmineAlone, storeHere } from './coalmine.ts'
import { exampleOn, expectPrinted, filesOn } from './manual.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-rollout-'))
// That of the manual, with commands that are there.
const planned = filesOn('roll-out.md')[0]!.content
const plan = planned
  .replace('./move.sh', `'echo "\${COALMINE_PERCENT:-$COALMINE_HOSTS}\${COALMINE_PERCENT:+%}" > now'`)
  .replace('./where.sh', 'cat now')
let store: Awaited<ReturnType<typeof storeHere>>

beforeAll(async () => {
  writeFileSync(join(folder, 'coalmine.yaml'), plan.replaceAll(' now', ` ${folder}/now`))
  const config = async () => parseConfig(readFileSync(join(folder, 'coalmine.yaml'), 'utf8'), 'coalmine.yaml')
  store = await storeHere(folder, '.coalmine', { lookEveryMs: 20, rollout: { config, environment: process.env } })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The output without what is another each time. */
const told = (text: string): string =>
  text
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/:\d{4,5}\//g, ':PORT/')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'WHEN')
    .replaceAll(/for \d+ m?s$/gm, 'for a while')
    .replaceAll(/\d+ min of/g, 'some of')

const status = async (): Promise<string> => told((await coalmine(folder, ['rollout', 'status'])).stdout)

it('tells that there is none', async () => {
  expect(await coalmine(folder, ['rollout', 'status'])).toMatchObject({
    code: 3,
    stderr: 'coalmine: no rollout has been started here: start one with coalmine rollout start\n',
  })
})

it('starts one, looks at it, and says to it what people say', async () => {
  const started = await coalmine(folder, ['rollout', 'start', '--canary', 'service.version=2.0.0'])
  expect(started).toMatchObject({ code: 0, stderr: '' })
  await expect.poll(status).toContain('INVALID')
  const example = exampleOn('roll-out.md')
  const shown = (await coalmine(folder, example.args)).stdout
  expectPrinted(example, shown.replace('INVALID', 'INCONCLUSIVE'))
  expect((await coalmine(folder, ['rollout', 'pause'])).stdout).toMatch(/^PAUSED {2}shop/)
  expect((await coalmine(folder, ['rollout', 'approve'])).code).toBe(64)
  expect((await coalmine(folder, ['rollout', 'resume'])).code).toBe(0)
  expect((await coalmine(folder, ['rollout', 'advance'])).code).toBe(0)
  await expect.poll(status).toContain('▸  50%')
  expect(readFileSync(join(folder, 'now'), 'utf8')).toBe('50%\n')
  const aborted = coalmine(folder, ['rollout', 'abort', '--format', 'json'])
  expect(JSON.parse((await aborted).stdout)).toMatchObject({ service: 'shop', back: { why: 'abort' } })
  await expect.poll(status).toContain('ROLLED BACK')
  expect(readFileSync(join(folder, 'now'), 'utf8')).toBe('0%\n')
  const history = await coalmine(folder, ['rollout', 'history'])
  expect(told(history.stdout)).toContain('WHEN    goes on to stage 2 of 3 (50%): somebody said so\n')
  expect(told(history.stdout).trimEnd().split('\n').at(-1)).toBe('WHEN    is rolled back')
})

it('with --wait stays until it is over, and its exit code says how', async () => {
  const waiting = coalmineAlone(folder, ['rollout', 'start', '--canary', 'service.version=2.0.1', '--wait'])
  await expect.poll(status).toContain('service.version=2.0.1')
  await coalmine(folder, ['rollout', 'abort'])
  const { code, stdout, stderr } = await waiting
  expect([code, stdout.split('  ')[0]]).toEqual([1, 'ROLLED BACK'])
  expect(told(stderr)).toMatch(/^coalmine: rollout ID: http:\/\/127\.0\.0\.1:PORT\/rollouts\/ID\n/)
})

it('without a server it says how there is one', async () => {
  const other = join(folder, 'other')
  const run = await coalmine(folder, ['rollout', 'start', '--canary', 'service.version=3', '--store', other])
  expect(run).toMatchObject({ code: 69, stdout: '' })
  expect(run.stderr).toMatch(/no server runs on .*: start coalmine serve, .* or run the rollout in this process with/)
})

it('--here runs it in the command itself, until it is over', async () => {
  const args = ['rollout', 'start', '--here', '--port', '0', '--store', 'here', '--canary', 'service.version=4']
  const running = coalmineAlone(folder, args)
  const asked = ['--store', join(folder, 'here')]
  await expect.poll(async () => (await coalmine(folder, ['rollout', 'status', ...asked])).stdout).toContain('BAKING')
  await coalmine(folder, ['rollout', 'abort', ...asked])
  expect(await running).toMatchObject({ code: 1, stdout: expect.stringMatching(/^ROLLED BACK {2}shop/) })
  // What is known of it is in the store, also when nobody runs it.
  const { stdout } = await coalmineAlone(folder, ['rollout', 'status', ...asked])
  expect(stdout).toMatch(/^ROLLED BACK {2}shop/)
  expect(stdout).not.toContain('http')
})

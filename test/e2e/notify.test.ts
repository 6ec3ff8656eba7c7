import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TargetServer, targetServer } from '../../packages/server/test/target-server.ts'
import { deliver } from '../bench/notify.ts'
import { coalmineHere, serve } from './coalmine.ts'
import { exampleOn, expectPrinted, filesOn } from './manual.ts'
import { otlpLines } from './otlp.ts'

let folder: string
let target: TargetServer
const left = new Set<ChildProcess>()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-notify-'))
  target = await targetServer(({ path }) =>
    path === '/slack' ? { status: 200, body: 'ok' } : { status: 202, body: '' },
  )
})

afterAll(async () => {
  for (const child of left) child.kill('SIGKILL')
  await target.close()
  rmSync(folder, { recursive: true })
})

const page = 'notifications.md'
const settings = () => ({ SLACK_WEBHOOK_URL: `${target.url}/slack`, BUS_SECRET: 'ours', PAGERDUTY_KEY: '' })

it('the example of the manual sends a test message, and says what was answered', async () => {
  for (const { name, content } of filesOn(page))
    writeFileSync(join(folder, name), content.replace('https://bus.example/coalmine', `${target.url}/bus`))
  const example = exampleOn(page)
  const run = await coalmineHere(folder, example.args, '', settings())
  expect(run.code).toBe(69)
  expectPrinted(example, run.stdout + run.stderr)
  expect(target.asked.map(({ path }) => path).sort()).toEqual(['/bus', '/slack'])
  const one = await coalmineHere(folder, ['notify', '--test', '--target', 'team', '--format', 'json'], '', settings())
  expect([one.code, JSON.parse(one.stdout)]).toEqual([
    0,
    [{ target: 'team', type: 'slack', works: true, note: '200 ok' }],
  ])
  expect(await coalmineHere(folder, ['notify', '--test', '--target', 'temp'])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('coalmine.yaml has no such target; it has team, bus, oncall'),
  })
})

it('serve tells the targets of its file, and notify says what became of it', async () => {
  const now = Math.floor(Date.now() / 5_000) * 5_000
  const traffic = { service: 'checkout', route: 'POST /orders', from: now - 120_000, seconds: 60, perSecond: 20 }
  const spans = ['1.9.0', '2.0.0'].flatMap((version, at) =>
    otlpLines({ ...traffic, version, medianMs: 20, errorShare: at * 0.5, seed: at + 1 }),
  )
  writeFileSync(join(folder, 'spans.jsonl'), spans.join('\n'))
  const server = await serve(folder, [], settings())
  left.add(server.process)
  expect(await coalmineHere(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0 })
  target.asked.length = 0
  const cohorts = ['--service', 'checkout', '--stable', 'service.version=1.9.0', '--canary', 'service.version=2.0.0']
  expect((await coalmineHere(folder, ['watch', ...cohorts, '--label', 'author=ada'])).code).toBe(1)
  await expect.poll(() => target.asked.filter(({ path }) => path === '/slack').length).toBe(1)
  expect(target.asked.find(({ path }) => path === '/slack')!.text).toContain('Written by <@U012AB3CD> (ada)')
  const listed = async () => (await coalmineHere(folder, ['notify'])).stdout
  await expect.poll(listed).toMatch(/^team +slack +0 +\d{4}-/m)
  expect(await listed()).toMatch(/^oncall +pagerduty +0 .*off: PAGERDUTY_KEY is not set in the environment$/m)
  expect(await server.stop()).toBe(0)
  // Without a server it says what became of it, from the store.
  const after = await coalmineHere(folder, ['notify', '--target', 'team'])
  expect(after.stdout).toMatch(
    /^Nobody is notified: .*\n\nat +target +state +message +answer\n.* team +sent .*\/settled +200 ok\n$/s,
  )
})

it('a serve whose file is wrong says in which line, and does not start', async () => {
  writeFileSync(join(folder, 'wrong.yaml'), 'notify:\n  targets:\n    team: { type: slack }\n')
  expect(await coalmineHere(folder, ['serve', '--config', 'wrong.yaml'])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('wrong.yaml:3: notify.targets.team.urlEnv: expected the name of an environment'),
  })
})

it('each message comes at least once and in order, though its target fails half of the time and its sender is killed', async () => {
  const { distinct, outOfOrder, repeated, kills, failed } = await deliver(300, 2)
  expect({ distinct, outOfOrder, kills }).toEqual({ distinct: 300, outOfOrder: 0, kills: 2 })
  expect(failed).toBeGreaterThan(100)
  expect(repeated).toBeLessThan(150)
})

import { execFile } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { coalmine as middleware } from '@coalmine/express'
import { currentTest, isTestTraffic, parseSigningKeys, watchRevokedRuns } from '@coalmine/marks'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { coalmineHere as coalmine } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-sign-'))
const secrets = { k1: '1'.repeat(64), k2: '2'.repeat(64) }
const settings = { COALMINE_SIGNING_KEY: `k2:${secrets.k2}`, COALMINE_AUDIENCE: 'production' }
const list = join(folder, 'revoked-runs')
const revoked = watchRevokedRuns(list)
const app = express()
app.use(
  middleware({
    markers: {
      keys: parseSigningKeys(`k2:${secrets.k2},k1:${secrets.k1}`, 'keys'),
      audience: 'production',
      isRevoked: revoked.isRevoked,
    },
  }),
)
app.get('/', (_req, res) => void res.json({ test: isTestTraffic(), ...currentTest() }))
const server = http.createServer(app)
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)))
afterAll(() => {
  revoked.stop()
  server.close().closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

const trusted = { test: true, entity: 'user:42', run: 'load-7' }

describe('coalmine sign makes what a service believes', () => {
  it('as a header line', async () => {
    const line = await sign('--entity', 'user:42')
    expect(line).toMatch(/^coalmine-test: v1\.k2\.\S+\n$/)
    expect(await get(header(line))).toEqual(trusted)
  })

  it('as a baggage line', async () => {
    expect(await get(header(await sign('--entity', 'user:42', '--format', 'baggage')))).toEqual(trusted)
  })

  it('as configuration of curl', async () => {
    const file = join(folder, 'curlrc')
    writeFileSync(file, await sign('--entity', 'user:42', '--format', 'curl'))
    const { stdout } = await promisify(execFile)('curl', ['-s', '-K', file, url()])
    expect(JSON.parse(stdout)).toEqual(trusted)
  })

  it('as parameters of k6 and settings of Playwright', async () => {
    const k6 = JSON.parse(await sign('--entity', 'user:42', '--format', 'k6'))
    expect(await get(k6.headers)).toEqual(trusted)
    const playwright = JSON.parse(await sign('--entity', 'user:42', '--format', 'playwright'))
    expect(await get(playwright.extraHTTPHeaders)).toEqual(trusted)
  })

  it('with the old key from a file, while keys rotate', async () => {
    const file = join(folder, 'keys')
    writeFileSync(file, `k2:${secrets.k2},\nk1:${secrets.k1}\n`)
    const line = await sign('--key-file', file, '--key-id', 'k1')
    expect(line).toContain(' v1.k1.')
    expect(await get(header(line))).toEqual({ test: true, run: 'load-7' })
  })

  it.each([
    ['for another audience', ['--audience', 'staging']],
    ['after its time', ['--ttl', '0s']],
  ])('and not %s', async (_, args) => {
    const marker = header(await sign(...args))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    try {
      expect(await get(marker)).toEqual({ test: false })
    } finally {
      vi.useRealTimers()
    }
  })
})

it('a run that is put on the list ends at once in a running service, and comes back when it is taken off', async () => {
  const [load, other] = [header(await sign()), header(await sign('--run', 'load-8'))]
  expect(await get(load)).toMatchObject({ test: true })
  appendFileSync(list, '# stopped by the people on call\nload-7\n')
  await expect.poll(() => get(load)).toEqual({ test: false })
  expect(await get(other)).toMatchObject({ test: true, run: 'load-8' })
  writeFileSync(list, '')
  await expect.poll(() => get(load)).toMatchObject({ test: true })
})

it('the set-up in the README of marks runs as it stands', async () => {
  const readme = readFileSync(new URL('../../packages/marks/README.md', import.meta.url), 'utf8')
  const [, code] = /## Test traffic[\s\S]*?```js\n([\s\S]*?)```/.exec(readme)!
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', `${code}; console.log(isTestTraffic(), currentTest())`],
    { cwd: import.meta.dirname, env: { COALMINE_TEST_KEYS: settings.COALMINE_SIGNING_KEY } },
  )
  expect({ stdout, stderr }).toEqual({ stdout: 'false undefined\n', stderr: '' })
})

describe('coalmine sign refuses', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ['no key', [], {}, 'no key to sign with: set COALMINE_SIGNING_KEY=id:secret, or give --key-file'],
    ['a short key', [], { COALMINE_SIGNING_KEY: 'k1:hunter2' }, 'the secret of key k1 has 7 characters'],
    ['a key that is not there', ['--key-id', 'k9'], settings, 'COALMINE_SIGNING_KEY: no key k9; there are: k2'],
    ['a file that is not there', ['--key-file', 'nowhere'], settings, '--key-file nowhere: there is no such file'],
    ['an entity without a kind', ['--entity', '42'], settings, 'Expected kind:id'],
    ['several entities', ['--entity', 'user:1,user:2'], settings, 'Expected kind:id'],
    ['a run that is too long', ['--run', 'x'.repeat(150)], settings, 'shorten its run'],
  ])('%s', async (_, args, env, message) => {
    const run = await coalmine(folder, ['sign', '--run', 'load-7', ...args], '', env)
    expect(run.stderr).toContain(message)
    expect(run.stderr).not.toContain('hunter2')
    expect(run).toMatchObject({ code: 64, stdout: '' })
  })
})

async function sign(...args: string[]): Promise<string> {
  const run = await coalmine(folder, ['sign', '--run', 'load-7', ...args], '', settings)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  return run.stdout
}

function header(line: string): Record<string, string> {
  const [name = '', value = ''] = line.trim().split(': ')
  return { [name]: value }
}

async function get(headers: Record<string, string>): Promise<unknown> {
  return (await fetch(url(), { headers })).json()
}

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmine, serve } from './coalmine.ts'
import { otlpLines, tickAgo } from './otlp.ts'

const root = join(import.meta.dirname, '../..')
// Inside the workspace, where the package is found.
const folder = mkdtempSync(join(root, 'node_modules/.cache/coalmine-client-'))
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  const traffic = { service: 'checkout', route: 'GET /cart', from: tickAgo(300_000), seconds: 240, perSecond: 20 }
  const spans = [
    ...otlpLines({ ...traffic, version: '1.9.0', medianMs: 20, seed: 1 }),
    ...otlpLines({ ...traffic, version: '2.0.0', medianMs: 60, seed: 2 }),
  ]
  writeFileSync(join(folder, 'spans.jsonl'), spans.join('\n'))
  expect(await coalmine(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0 })
  server = await serve(folder)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('the deploy script of the README rolls a bad canary back, in 15 lines', async () => {
  const readme = readFileSync(join(root, 'packages/client/README.md'), 'utf8')
  const script = /<!-- deploy: [^\n]*\n```js\n([\s\S]*?)```/.exec(readme)![1]!
  expect(script.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(15)
  writeFileSync(join(folder, 'deploy.mjs'), script)
  writeFileSync(join(folder, 'deploy.sh'), '#!/bin/sh\necho "$@" >> deployed.txt\n')
  chmodSync(join(folder, 'deploy.sh'), 0o755)
  const child = execFile(process.execPath, ['deploy.mjs', 'checkout', '1.9.0', '2.0.0'], {
    cwd: folder,
    env: { ...process.env, COALMINE_SERVER: server.url },
  })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(stdout).toMatch(new RegExp(`^go here: ${server.url}/comparisons/\\w+\n(inconclusive .*\n)?fail .*slower`))
  expect(readFileSync(join(folder, 'deployed.txt'), 'utf8')).toBe('canary 2.0.0\nrollback 2.0.0\n')
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inherited } from '../inherited.ts'
import { coalmineHere as coalmine, serve } from './coalmine.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'coalmine-downstream-'))
const running: ChildProcess[] = []
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  server = await serve(folder)
})

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Payments answers every second request for many items with 500; the storefront's new build asks for many at once. */
const app = `
  import http from 'node:http'
  import { withRequestMarks } from '@coalmine/marks'

  const { PAYMENTS, COALMINE_VERSION: version } = process.env
  let charges = 0
  const server = http.createServer((req, res) => withRequestMarks(req, req, { trust: () => true }, () => {
    if (!PAYMENTS) return res.writeHead(req.url.includes('many') && ++charges % 2 === 0 ? 500 : 200).end()
    const items = version === '2.0.0' ? 'many' : 'few'
    http.get(PAYMENTS + '/charge?items=' + items, (answer) => answer.resume().on('end', () => res.end()))
  }))
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

async function start(service: string, version: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = spawn(process.execPath, ['--import', '@coalmine/register', '--input-type=module', '--eval', app], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...inherited,
      OTEL_SERVICE_NAME: service,
      COALMINE_VERSION: version,
      COALMINE_TRUST: 'all',
      COALMINE_SEND_TO: '127.0.0.1',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      ...env,
    },
  })
  running.push(child)
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return `http://127.0.0.1:${String(port).trim()}`
}

it('a build is judged by what it does to the service that it calls', async () => {
  const payments = await start('payments', '7.0.0')
  const storefronts = [
    await start('storefront', '1.0.0', { PAYMENTS: payments }),
    await start('storefront', '2.0.0', { PAYMENTS: payments }),
  ]
  // No five seconds prove anything alone: they are asked for as long as it takes.
  let judged = false
  const load = (async () => {
    while (!judged) {
      await Promise.all(storefronts.map(async (url) => (await fetch(`${url}/checkout`)).arrayBuffer()))
      await setTimeout(50)
    }
  })()
  const callers = ['--stable', 'via:storefront=1.0.0', '--canary', 'via:storefront=2.0.0']
  const run = await coalmine(folder, [
    ...['watch', '--server', server.url, '--service', 'payments', ...callers],
    ...['--for', '4m', '--wait', '30s', '--format', 'json'],
  ])
  judged = true
  await load
  expect(JSON.parse(run.stdout)).toMatchObject({
    verdict: 'fail',
    service: 'payments',
    source: 'spans',
    cohorts: { stable: { selector: 'via:storefront=1.0.0' }, canary: { selector: 'via:storefront=2.0.0' } },
  })
  const { findings } = JSON.parse(run.stdout) as { findings: { metric: string; decision: string }[] }
  expect(findings.filter(({ decision }) => decision === 'fail').map(({ metric }) => metric)).toEqual(['errors'])
  // The same, as the storefront's own calls tell it.
  const calls = await coalmine(folder, [
    ...['compare', '--server', server.url, '--service', 'storefront', '--scope', 'downstream'],
    ...['--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0'],
  ])
  expect(calls.stdout).toMatch(/^FAIL {2}storefront: /)
  expect(calls.stdout).toMatch(/GET 127\.0\.0\.1 is failing more often: 0 % -> \d+/)
  expect(calls.stdout).toContain('  scope     downstream: the calls that the service makes are counted\n')
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-event-'))
interface Received {
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}
const received: Received[] = []
let status = 200
let store: Awaited<ReturnType<typeof storeHere>>
const collector = http.createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += part
  })
  request.on('end', () => {
    received.push({ url: request.url, headers: request.headers, body })
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
})
const endpoint = (): string => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`

beforeAll(async () => {
  const shop = { service: 'shop', route: 'GET /cart', from: tickAgo(3_600_000), seconds: 30, perSecond: 20 }
  const stable = otlpLines({ ...shop, version: '1.9.0', medianMs: 20, seed: 1 })
  const canary = otlpLines({ ...shop, version: '2.0.0', medianMs: 20, errorShare: 0.5, seed: 2 })
  writeFileSync(join(folder, 'spans.jsonl'), [...stable, ...canary].join('\n'))
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  store = await storeHere(folder)
  expect(await coalmine(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0, stderr: '' })
})

afterAll(async () => {
  await store.close()
  collector.close()
  rmSync(folder, { recursive: true, force: true })
})

it('leaves as a log event of the service, with the headers that exporters send', async () => {
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint()}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=shop%20one,a',
  }
  const run = await coalmine(folder, [...compareShop, '--format', 'json'], '', settings)
  expect(run).toMatchObject({ code: 1, stderr: '' })
  const verdict = JSON.parse(run.stdout)
  const [request] = received.splice(0)
  expect(request).toMatchObject({ url: '/v1/logs', headers: { 'x-tenant': 'shop one' } })
  const [{ resource, scopeLogs }] = JSON.parse(request!.body).resourceLogs
  expect(resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'shop' } }])
  const [record] = scopeLogs[0].logRecords
  expect(record).toMatchObject({
    eventName: 'coalmine.verdict',
    severityText: 'ERROR',
    body: { stringValue: verdict.reasons[0].message },
  })
  expect(Math.abs(Number(record.timeUnixNano) / 1e6 - Date.now())).toBeLessThan(60_000)
  const values = record.attributes.map((one: { key: string; value: { stringValue: string } }) => [
    one.key,
    one.value.stringValue,
  ])
  expect(Object.fromEntries(values)).toMatchObject({
    'coalmine.verdict': 'fail',
    'coalmine.stable': 'service.version=1.9.0',
    'coalmine.canary': 'service.version=2.0.0',
    'coalmine.policy.hash': verdict.policy.hash,
  })
})

it('that is not taken is told, and the verdict is what it was', async () => {
  status = 404
  const run = await coalmine(folder, [...compareShop, '--otlp', endpoint()])
  expect(run.code).toBe(1)
  expect(run.stderr).toBe(`coalmine: the verdict was not sent to ${endpoint()}/v1/logs: it answered 404\n`)
  const nowhere = await coalmine(folder, [...compareShop, '--otlp', 'http://127.0.0.1:9'])
  expect(nowhere.code).toBe(1)
  expect(nowhere.stderr).toContain('the verdict was not sent to http://127.0.0.1:9/v1/logs: ')
})

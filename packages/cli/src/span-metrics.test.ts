import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { backfilled, cases, common } from '../../../test/prometheus/cases.ts'
import { installed } from '../../../test/prometheus/real.ts'
import { realSource, recordedSource, type Source } from '../../../test/prometheus/source.ts'
import { conforms } from '../../comparator/test/schema.ts'
import { type Run, runHere } from '../test/run.ts'

const canary = ['--canary', 'service.version=2.0.0']
const compare = (url: string, args: readonly string[]): Promise<Run> =>
  runHere(['compare', '--prometheus', url, ...common, ...args])

const sources = [
  { kind: 'recorded answers', open: recordedSource },
  ...(installed ? [{ kind: 'a real Prometheus', open: realSource }] : []),
]

describe.each(sources)('of $kind', ({ open }) => {
  let source: Source
  beforeAll(async () => {
    source = await open()
  })
  afterAll(() => source.close())

  it.each(cases)('$name exits with $code', async ({ args, live, code, says }) => {
    const end = live ? ['--end', await source.liveEnd()] : backfilled
    const run = await compare(source.url, [...args, ...end])
    expect(run, run.stdout + run.stderr).toMatchObject({ code })
    for (const part of says) expect(run.stdout + run.stderr).toContain(part)
  })

  it('watch stops at FAIL, and at the end of --for', async () => {
    const watch = ['watch', '--prometheus', source.url, ...common, ...canary, ...backfilled]
    expect(await runHere(watch)).toMatchObject({ code: 1 })
    const wide = ['--margin', 'latency=900%', '--margin', 'errors=5,5pp', '--for', '9m']
    const run = await runHere([...watch, ...wide, '--format', 'json'])
    expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'pass', window: { seconds: 570 } })
    expect(run.code).toBe(0)
  })

  it('watch waits for a canary that is not there, and says so when it gives up', async () => {
    const asked = [...common, '--canary', 'service.version=3.0.0', ...backfilled]
    const run = await runHere(['watch', '--prometheus', source.url, ...asked, '--wait', '0s'])
    expect(run).toMatchObject({ code: 3, stdout: '' })
  })

  it('the verdict is as its schema says', async () => {
    const run = await compare(source.url, [...canary, ...backfilled, '--format', 'json'])
    expect(conforms(JSON.parse(run.stdout))).toBe(true)
  })
})

describe('what answers otherwise', () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  async function answering(
    answer: (request: IncomingMessage, form: URLSearchParams) => { readonly status: number; readonly body: unknown },
  ): Promise<string> {
    server = createServer(async (request, response) => {
      const { status, body } = answer(request, new URLSearchParams(await text(request)))
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const failing = (errorType: string, error: string) => ({ status: 'error', errorType, error })

  it.each([
    [
      401,
      'Unauthorized',
      "answered 401: give a user and password in the URL, or --prometheus-header 'Authorization: Be",
    ],
    [200, '<html>', 'answered 200, but not as Prometheus does: --prometheus takes the URL that /api/v1 is below'],
    [404, { error: 'no route' }, 'answered 404, but not as Prometheus does'],
    [422, failing('execution', 'what is that'), 'refused a query (422, execution): what is that'],
  ])('%i: exits with 69 and says why', async (status, body, message) => {
    const url = await answering(() => ({ status, body }))
    const run = await compare(url, canary)
    expect(run).toMatchObject({ code: 69, stdout: '' })
    expect(run.stderr).toContain(message)
  })

  it('nobody: exits with 69', async () => {
    const run = await compare('http://127.0.0.1:9', canary)
    expect(run).toMatchObject({ code: 69, stdout: '' })
    expect(run.stderr).toContain('no answer from http://127.0.0.1:9')
  })

  it('is told the user of the URL, and the headers, and neither is shown', async () => {
    const seen: unknown[] = []
    const url = await answering(({ headers }) => {
      seen.push([headers.authorization, headers['x-scope-orgid']])
      return { status: 200, body: { status: 'success', data: [] } }
    })
    const run = await compare(url.replace('://', '://me:s%40cret@'), [
      ...canary,
      '--prometheus-header',
      'X-Scope-OrgID: 7',
    ])
    expect(seen[0]).toEqual([`Basic ${btoa('me:s@cret')}`, '7'])
    expect(run).toMatchObject({ code: 3 })
    expect(run.stderr).toContain(`no span metrics at ${url}: looked for traces_span_metrics_duration_milliseconds`)
    expect(run.stderr).not.toContain('cret')
  })

  it('too many samples: asks for less at once, and gives up with a reason', async () => {
    const labels = (version: string) => ({
      __name__: 'latency_count',
      service_name: 'storefront',
      service_version: version,
    })
    const ranges: number[] = []
    const url = await answering(({ url }, form) => {
      if (url === '/api/v1/series')
        return { status: 200, body: { status: 'success', data: [labels('1.0.0'), labels('2.0.0')] } }
      ranges.push(Number(/\[(\d+)ms\]/.exec(form.get('query') ?? '')?.[1]) / 1000)
      return {
        status: 422,
        body: failing('execution', 'query processing would load too many samples into memory in query execution'),
      }
    })
    const window = ['--start', '2026-11-20T10:00:00Z', '--end', '2026-11-20T10:30:00Z']
    const run = await compare(url, [...canary, ...window])
    expect(ranges).toEqual([600, 300, 150, 75, 37.5])
    expect(run).toMatchObject({ code: 69, stdout: '' })
    expect(run.stderr).toContain('raise --query.max-samples')
  })
})

describe('what cannot be asked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalmine-prometheus-'))
  const file = join(folder, 'coalmine.yaml')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const url = 'http://127.0.0.1:9'

  it.each([
    [['--from', 'spans.jsonl'], '--prometheus cannot be used with --from'],
    [['--stable-window', '7d'], '--prometheus cannot be used with --stable-window'],
    [['--scope', 'downstream'], '--prometheus cannot be used with --scope'],
    [['--interact', 'new-pricing'], '--prometheus cannot be used with --interact'],
    [['--slower-than', 'soon'], 'Expected times such as 250ms or 250ms,1s.'],
    [['--prometheus-header', 'secret'], '--prometheus-header: expected a name and a value'],
    [['--margin', 'slower-than-1s=5pp'], 'metrics.slower-than-1s: unknown metric'],
  ])('%j', async (args, message) => {
    const run = await compare(url, [...canary, ...args])
    expect(run).toMatchObject({ code: 64, stdout: '' })
    expect(run.stderr).toContain(message)
  })

  it.each([
    ['metrics: { cost: { attribute: app.cost } }', 'metrics.cost: span metrics have no attributes and no calls'],
    ['mode: { looks: 3 }', 'mode: planned looks are no longer needed'],
    ['scope: downstream', 'scope: downstream is not known from span metrics'],
    ['audience: beta', 'audience: span metrics do not know it'],
  ])('of coalmine.yaml: %s', async (content, message) => {
    writeFileSync(file, content)
    const run = await compare(url, [...canary, '--config', file])
    expect(run).toMatchObject({ code: 64, stdout: '' })
    expect(run.stderr).toContain(message)
  })

  it('its options, without it', async () => {
    const run = await runHere(['compare', ...common, ...canary, '--metric', 'latency'])
    expect(run).toMatchObject({ code: 64, stderr: 'coalmine: --metric goes with --prometheus\n' })
  })
})

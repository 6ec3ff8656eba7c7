import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Session } from 'chdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues } from '../../../../test/otlp.ts'
import { type RunningServer, startServer } from '../server.ts'
import type { ImportState } from './import.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-resume-'))
  server = await startServer({ store: directory, port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const start = BigInt(Date.now() - 600_000) * 1_000_000n

/** Lines of one request each, five of their spans in a tick; each also has a span in the first tick. */
const linesOf = (service: string, count: number): string[] =>
  Array.from({ length: count }, (_, line) => {
    const spans = [start + BigInt(line) * 1_000_000_000n, start].map((at, n) => ({
      traceId: `${n}${(line + 1).toString(16).padStart(31, '0')}`,
      spanId: `${n}${(line + 1).toString(16).padStart(15, '0')}`,
      name: 'GET /cart',
      kind: 2,
      startTimeUnixNano: String(at),
      endTimeUnixNano: String(at + 1_000_000n),
    }))
    const resource = { attributes: keyValues({ 'service.name': service, 'service.version': '1.0.0' }) }
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: '' }, spans }] }] })
  })

const csvOf = (service: string, count: number): string[] => [
  'trace_id,span_id,start,duration_ms,service,name,service.version',
  ...Array.from({ length: count }, (_, n) => `${n + 1},${n + 1},${(start + BigInt(n)) / 1000n},5,${service},GET,1.0.0`),
]

const stateOf = async (file: string): Promise<ImportState> =>
  (await (await fetch(`${server.url}/api/import?file=${file}`)).json()) as ImportState

async function post(
  query: string,
  body: string | Buffer,
): Promise<{ status: number; answer: { readonly before?: number } }> {
  const response = await fetch(`${server.url}/api/import?${query}`, {
    method: 'POST',
    body: Buffer.from(body),
    headers: { 'content-type': 'application/octet-stream' },
  })
  return { status: response.status, answer: (await response.json()) as { before?: number } }
}

/** Sends lines one after the other until some of them are stored, then goes away. */
async function sendSome(
  file: string,
  lines: readonly string[],
  transform = (text: string) => Buffer.from(text),
): Promise<void> {
  const url = `${server.url}/api/import?file=${file}`
  const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/octet-stream' } })
  const closed = once(sending, 'error')
  for (let line = 0; (await stateOf(file)).spans === 0; line++) {
    sending.write(transform(`${lines[line]!}\n`))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  sending.destroy(new Error('gone'))
  await closed
}

const known = async (service: string): Promise<{ requests: readonly number[] }> =>
  (await fetch(`${server.url}/api/known?service=${service}`)).json() as Promise<{ requests: readonly number[] }>

describe.concurrent('an import that was interrupted', () => {
  it('goes on where it was, from the bytes that are told, and counts every span once', async () => {
    const lines = linesOf('lines', 400)
    lines[0] = 'not JSON}'
    lines[399] = 'nor this'
    const text = Buffer.from(lines.join('\n'))
    await sendSome('lines', lines)
    const state = await stateOf('lines')
    expect(state).toMatchObject({ finished: false, refused: [{ line: 1 }] })
    expect(text[state.bytes - 1]).toBe('\n'.charCodeAt(0))
    const { answer } = await post(`file=lines&offset=${state.bytes}`, text.subarray(state.bytes))
    expect(answer).toMatchObject({
      spans: 2 * 398,
      before: state.spans,
      refusedCount: 2,
      refused: [{ line: 1 }, { line: 400, why: expect.stringContaining('not JSON') }],
    })
    expect(await stateOf('lines')).toMatchObject({ finished: true, spans: 2 * 398 })
    expect(await known('lines')).toMatchObject({ requests: [2 * 398] })
  })

  it('skips by itself what it has, where all of the file is sent again', async () => {
    const lines = linesOf('again', 300)
    await sendSome('again', lines)
    const { spans: before } = await stateOf('again')
    const { answer } = await post('file=again', gzipSync(lines.join('\n')))
    expect(answer).toMatchObject({ spans: 600, requests: 300 })
    expect(before).toBeGreaterThan(0)
    // What was on its way when the first of it was asked for is stored, too.
    expect(answer.before).toBeGreaterThanOrEqual(before)
    expect(await known('again')).toMatchObject({ requests: [600] })
  })

  it('is a table, too', async () => {
    const lines = csvOf('table', 300)
    await sendSome('table', lines)
    const { spans: before, bytes } = await stateOf('table')
    expect([before > 0, bytes]).toEqual([true, 0])
    const { answer } = await post('file=table', lines.join('\n'))
    expect(answer).toMatchObject({ spans: 300, requests: 300, refusedCount: 0 })
    expect(answer.before).toBeGreaterThanOrEqual(before)
    expect(await known('table')).toMatchObject({ requests: [300] })
  })

  it('does not take a gzip that was cut off with it for a broken file', async () => {
    const lines = linesOf('cut', 200)
    await sendSome('cut', lines, (text) => gzipSync(text))
    const { spans: before } = await stateOf('cut')
    const { answer } = await post('file=cut', gzipSync(lines.join('\n')))
    expect(answer).toMatchObject({ spans: 400, refusedCount: 0 })
    expect(answer.before).toBeGreaterThanOrEqual(before)
  })
})

it('an import of Parquet ends when nobody waits for it, and goes on from its row', async () => {
  const session = new Session(directory)
  const path = join(directory, 'rows.parquet')
  await session.queryAsync(`
    INSERT INTO FUNCTION file('${path}', Parquet)
    SELECT
      hex(number + 1) AS trace_id, hex(number + 1) AS span_id, now64(3) - toIntervalMillisecond(number) AS start,
      5. AS duration_ms, 'rows' AS service, 'GET' AS name, '1.0.0' AS \`service.version\`
    FROM numbers(150000)`)
  session.close()
  const file = await readFile(path)
  const gone = new AbortController()
  const url = `${server.url}/api/import?file=rows`
  const headers = { 'content-type': 'application/octet-stream' }
  const sending = fetch(url, { method: 'POST', body: file, headers, signal: gone.signal })
  await expect.poll(async () => (await stateOf('rows')).spans, { interval: 20 }).toBeGreaterThan(0)
  gone.abort()
  await expect(sending).rejects.toThrow('aborted')
  const { answer } = await post('file=rows', file)
  expect(answer).toMatchObject({ spans: 150_000, requests: 150_000, refusedCount: 0 })
  const { before } = answer as ImportState
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(150_000)
  expect(await known('rows')).toMatchObject({ requests: [150_000] })
})

describe('what an import is told', () => {
  it.each([
    ['file=new&offset=5', 'offset: expected the one that GET /api/import?file= answers, got 5'],
    ['file=new&offset=-1', 'offset: expected a number of bytes, got "-1"'],
    ['file=new&file=old', 'file: expected only one'],
  ])('is refused where it makes no sense: %s', async (query, message) => {
    expect(await post(query, 'x')).toMatchObject({ status: 400, answer: { error: { kind: 'usage', message } } })
  })

  it('is to store all of a file again', async () => {
    const text = linesOf('twice', 10).join('\n')
    expect((await post('file=twice', text)).answer).toMatchObject({ spans: 20, before: 0 })
    expect((await post('file=twice&again', text)).answer).toMatchObject({ spans: 20, before: 0 })
    expect(await known('twice')).toMatchObject({ requests: [20] })
  })
})

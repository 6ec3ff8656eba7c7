import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues, type OtlpRequest, protobufOf } from '../otlp.ts'
import { coalmineHere, type Run, storeHere } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-formats-'))
let store: Awaited<ReturnType<typeof storeHere>>
beforeAll(async () => {
  store = await storeHere(folder)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const startMs = Date.now() - 3_600_000

function requestOf(spans: number): OtlpRequest {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': 'shop', 'service.version': '1.0.0' }) },
        scopeSpans: [
          {
            scope: { name: '' },
            spans: Array.from({ length: spans }, (_, n) => ({
              traceId: (n + 1).toString(16).padStart(32, '0'),
              spanId: (n + 1).toString(16).padStart(16, '0'),
              name: 'GET /cart',
              kind: 2,
              startTimeUnixNano: `${startMs}000000`,
              endTimeUnixNano: `${startMs + 20}000000`,
            })),
          },
        ],
      },
    ],
  }
}

const behindLength = (message: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(message.length)
  return Buffer.concat([length, message])
}

function imported(name: string, content: Buffer | string): Promise<Run> {
  writeFileSync(join(folder, name), content)
  return coalmineHere(folder, ['import', name])
}

const json = JSON.stringify(requestOf(1))
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
const tempo = json
  .replace('"resourceSpans"', '"batches"')
  .replace(`${'0'.repeat(31)}1`, base64(`${'0'.repeat(31)}1`))
  .replace(`${'0'.repeat(15)}1`, base64(`${'0'.repeat(15)}1`))
const zipkin = JSON.stringify([
  {
    traceId: '1',
    id: '1',
    kind: 'SERVER',
    name: 'get /cart',
    timestamp: startMs * 1_000,
    duration: 20_000,
    localEndpoint: { serviceName: 'shop' },
  },
])
const jaeger = JSON.stringify({
  traceID: '1',
  spans: [{ traceID: '1', spanID: '1', operationName: 'GET /cart', startTime: startMs * 1_000, processID: 'p1' }],
  processes: { p1: { serviceName: 'shop' } },
})

describe('a file of one span', () => {
  it.each([
    ['new.jsonl.zst', zstdCompressSync(`${json}\n`)],
    ['new.proto.zst', zstdCompressSync(behindLength(protobufOf(requestOf(1))))],
    ['old.json.bin', behindLength(zstdCompressSync(json))],
    ['old.proto.bin', behindLength(zstdCompressSync(protobufOf(requestOf(1))))],
    ['tempo.json', tempo],
    ['zipkin.json', zipkin],
    ['jaeger.json', jaeger],
    ['list.json', JSON.stringify([requestOf(1)], null, 2)],
  ])('%s is stored, and told in the singular', async (name, content) => {
    expect(await imported(name, content)).toEqual({ code: 0, stdout: `${name}: 1 span stored\n`, stderr: '' })
  })

  it('of zstd is not read again, and is when asked to', async () => {
    const file = zstdCompressSync(`${json}\n`)
    await imported('again.jsonl.zst', file)
    const again = ['import', 'again.jsonl.zst']
    expect((await coalmineHere(folder, again)).stdout).toBe(
      'again.jsonl.zst: 1 span was stored before; --again reads it anew\n',
    )
    expect(await coalmineHere(folder, [...again, '--again'])).toMatchObject({
      code: 0,
      stdout: 'again.jsonl.zst: 1 span stored\n',
    })
  })
})

describe('a file that is not read exits with 65 and says what it is', () => {
  it.each([
    ['search.json', '{"traces":[{"traceID":"1","rootServiceName":"shop"}]}', "Tempo's answer to a search"],
    ['v1.json', '[{"traceId":"1","id":"1","name":"a","binaryAnnotations":[]}]', 'Zipkin v1 JSON'],
    [
      'spans.zip',
      Buffer.from('PK\x03\x04, ; ,'),
      'a zip archive, which cannot be read: unzip -p <file> | coalmine import -',
    ],
    ['noise', Buffer.from([1, 0x2c, 0x80, 0xff, 0x2c, 10, 3]), 'no known format: expected OTLP as JSON or protobuf'],
    ['letter.txt', 'Dear reader,\nthis is, as you see, a letter.\n', 'no known format'],
    ['parquet', Buffer.from('PAR1, but no more'), 'cannot be read as Parquet'],
  ])('%s', async (name, content, what) => {
    const { code, stderr } = await imported(name, content)
    expect(stderr).toContain(what)
    expect(code).toBe(65)
  })
})

describe('text from a file', () => {
  const evil = 'GET /\u001b]0;owned\u0007\u009b31m\n::error::x ##vso[task.complete]'

  it('is never written raw: refused lines, verdicts and what doctor tells', async () => {
    const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|^\s*::|##vso/m
    const broken = await imported('broken.jsonl', `${json}\n\u001b[31m\u202e}\n`)
    expect(broken.code).toBe(65)
    expect(broken.stderr).toContain('\\x1b[31m')
    expect(broken.stderr).not.toMatch(raw)

    const spans = ['1.0.0', '2.0.0'].flatMap((version) =>
      Array.from({ length: 40 }, (_, n) => ({
        traceId: `${version[0]}${n + 10}`,
        id: `${version[0]}${n + 10}`,
        kind: 'SERVER',
        name: evil,
        timestamp: (startMs + n * 1_000) * 1_000,
        duration: 20_000,
        localEndpoint: { serviceName: 'evil' },
        tags: { 'service.version': version, [`coalmine.flag.${evil}`]: evil },
      })),
    )
    expect(await imported('evil.json', JSON.stringify(spans))).toMatchObject({ code: 0 })
    const service = ['--service', 'evil']
    const cohorts = ['--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0']
    const runs = [
      await coalmineHere(folder, ['doctor', ...service]),
      await coalmineHere(folder, ['doctor', ...service, '--format', 'json']),
      await coalmineHere(folder, ['compare', ...service, ...cohorts]),
      await coalmineHere(folder, ['compare', ...service, ...cohorts, '--format', 'json']),
      await coalmineHere(folder, [
        'compare',
        ...service,
        '--stable',
        'service.version=x',
        '--canary',
        'service.version=y',
      ]),
    ]
    for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toMatch(raw)
    expect(runs[0]!.stdout).toContain('GET /\\x1b]0;owned\\x07\\x9b31m\\n::error::x \\x23#vso[task.complete]')
    expect(JSON.stringify(JSON.parse(runs[1]!.stdout))).toContain(JSON.stringify(evil).slice(1, -1))
  })
})

describe('three hours of one request a minute', () => {
  const start = Date.parse(`${new Date(Date.now() - 86_400_000).toISOString().slice(0, 13)}:00:00Z`)
  const rows = Array.from(
    { length: 180 },
    (_, n) => `${new Date(start + n * 60_000).toISOString()},20,hourly,GET /cart,1.0.0`,
  )
  const csv = ['start,duration_ms,service,name,service.version', ...rows, ''].join('\n')

  it('doctor tells of one window: the hour before the last span', async () => {
    await imported('hours.csv', csv)
    const { stdout } = await coalmineHere(folder, ['doctor', '--service', 'hourly'])
    const first = new Date(start + 119 * 60_000).toISOString().replace('.000', '')
    const last = new Date(start + 179 * 60_000).toISOString().replace('.000', '')
    expect(stdout).toContain(`hourly: 61 spans, 61 requests, ${first} to ${last}`)
    expect(stdout).toMatch(/requests {2}operation\n {2}61 {8}GET \/cart\n/)
  })

  it("compare --from with two wrong selectors names the file's own time", async () => {
    // It has a store of its own, and this process can have one at a time.
    await store.close()
    const cohorts = ['--service', 'hourly', '--stable', 'service.version=9', '--canary', 'service.version=8']
    const { code, stderr } = await coalmineHere(folder, ['compare', '--from', 'hours.csv', ...cohorts])
    expect(code).toBe(3)
    const [from, to] = [start, start + 179 * 60_000 + 5_000].map((ms) => new Date(ms).toISOString())
    expect(stderr).toContain(
      `no stable request with service.version=9 and no canary request with service.version=8 between ${from} and ${to}. hourly has sent: service.version=1.0.0.`,
    )
  })
})

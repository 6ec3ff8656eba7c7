import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Session } from 'chdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../../server.ts'
import type { ImportAnswer } from '../import.ts'
import { linesOf } from '../lines.ts'
import { chooseColumns } from './columns.ts'
import { rowsOfCsv } from './csv.ts'
import { spanReader } from './spans.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-tables-'))
  server = await startServer({ store: directory, port: 0, retentionDays: 3650 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

async function post(body: Uint8Array | string, query = ''): Promise<{ status: number; answer: unknown }> {
  const headers = { 'content-type': 'application/octet-stream' }
  const response = await fetch(`${server.url}/api/import${query}`, { method: 'POST', body: Buffer.from(body), headers })
  return { status: response.status, answer: await response.json() }
}

async function imported(body: Uint8Array | string, query = ''): Promise<ImportAnswer> {
  const { status, answer } = await post(body, query)
  expect(answer).toMatchObject({ spans: expect.any(Number) })
  expect(status).toBe(200)
  return answer as ImportAnswer
}

/** Builds and the requests of each, every span counted once. */
const known = async (service: string): Promise<unknown> =>
  (await fetch(`${server.url}/api/known?service=${service}`)).json()

/** A Parquet file that the engine itself writes. */
async function parquetOf(select: string): Promise<Buffer> {
  const session = new Session(directory)
  const file = join(directory, 'made.parquet')
  await rm(file, { force: true })
  await session.queryAsync(`INSERT INTO FUNCTION file('${file}', Parquet) ${select}`)
  session.close()
  return readFile(file)
}

async function csvRows(text: string): Promise<unknown[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    // Chunks end anywhere.
    for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7))
  }
  const rows = []
  for await (const row of rowsOfCsv(linesOf(chunks()), ','))
    rows.push('why' in row ? [row.line, row.why] : [row.line, ...row.cells])
  return rows
}

describe('CSV', () => {
  it('has cells in quotes, over lines, and rows that are named by the line where they begin', async () => {
    expect(await csvRows('a,b\r\n1,"x, ""y""\nz"\r\n\r\n3,\n,4')).toEqual([
      [1, 'a', 'b'],
      [2, '1', 'x, "y"\nz'],
      [5, '3', ''],
      [6, '', '4'],
    ])
  })

  it('refuses the line whose quote is not closed, or that has other columns, and no other', async () => {
    expect(await csvRows('a,b\n1,"2\n3,4\n"5",6\n7\n8,9,10\n11,12')).toEqual([
      [1, 'a', 'b'],
      [2, 'a quote is not closed'],
      [3, '3', '4'],
      [4, '5', '6'],
      [5, 'expected 2 columns, as the header has, got 1'],
      [6, 'expected 2 columns, as the header has, got 3'],
      [7, '11', '12'],
    ])
  })
})

describe('columns', () => {
  const rolesOf = (header: string, spec = ''): object => {
    const { roles, attributes } = chooseColumns(
      header.split(' ').map((name) => ({ name })),
      spec,
    )
    const shown = (from: object): unknown => ('text' in from ? from.text : Object.values(from).slice(1))
    return {
      ...Object.fromEntries([...roles].map(([role, from]) => [role, shown(from)])),
      rest: attributes.map(({ of, key }) => `${of}:${key}`),
    }
  }

  it("are known by the names of the Collector's table", () => {
    expect(
      rolesOf(
        'Timestamp TraceId SpanId ParentSpanId SpanName SpanKind ServiceName ResourceAttributes Duration Events.Name',
      ),
    ).toEqual({
      start: ['Timestamp', undefined, undefined],
      trace: ['TraceId', undefined, undefined],
      span: ['SpanId', undefined, undefined],
      parent: ['ParentSpanId', undefined, undefined],
      name: ['SpanName', undefined, undefined],
      kind: ['SpanKind', undefined, undefined],
      service: ['ServiceName', undefined, undefined],
      resource: ['ResourceAttributes', undefined, undefined],
      duration: ['Duration', undefined, 'ns'],
      rest: [],
    })
  })

  it('are known by common names, with the unit at their end; others are attributes', () => {
    expect(
      rolesOf('traceID startTimeUnixNano duration_ms operationName service http.route resource.host.name'),
    ).toMatchObject({
      trace: ['traceID', undefined, undefined],
      start: ['startTimeUnixNano', undefined, 'ns'],
      duration: ['duration_ms', undefined, 'ms'],
      name: ['operationName', undefined, undefined],
      rest: ['attribute:http.route', 'resource:host.name'],
    })
  })

  it('take the end where the duration has no unit', () => {
    expect(rolesOf('start end duration name service')).toMatchObject({
      end: ['end', undefined, undefined],
      rest: ['attribute:duration'],
    })
  })

  it('are what they are said to be', () => {
    const spec =
      'start=when:ms,duration=took:us,service:=shop,name=op,attribute.http.route=path,resource.service.version:=1'
    expect(rolesOf('when took op path', spec)).toEqual({
      start: ['when', undefined, 'ms'],
      duration: ['took', undefined, 'us'],
      service: 'shop',
      name: ['op', undefined, undefined],
      rest: ['attribute:http.route', 'resource:service.version'],
    })
  })

  it.each([
    [
      'a b',
      '',
      'cannot tell which column is the start of a span: name it with --columns start=<column>; the columns are a, b',
    ],
    [
      'ts',
      '',
      'cannot tell which column is how long a span took, or its end: name it with --columns duration=<column>',
    ],
    [
      'ts end',
      '',
      'cannot tell which column is the service: name it with --columns service=<column>, or service:=<name>',
    ],
    ['ts end service', '', "cannot tell which column is a span's name"],
    ['ts took name service', '', 'column "took": its unit is not known: give it with --columns duration=took:ms'],
    ['ts', 'start=when', '--columns start=when: there is no column "when"; the columns are ts'],
    ['ts', 'begin=ts', '--columns begin=ts: expected one of trace, span, parent,'],
    ['ts', 'start', '--columns start: expected what=column, such as start=when:ms, or what:=text'],
  ])('of %s, "%s" say what is wrong', (header, spec, message) => {
    expect(() => rolesOf(header, spec)).toThrow(message)
  })
})

describe('cells', () => {
  const header = 'trace_id,span_id,start,duration,service,name,kind,status,attributes'
  const row: Readonly<Record<string, unknown>> = {
    trace_id: 'ab',
    span_id: 'cd',
    start: '2026-11-20T10:00:00Z',
    duration: '5ms',
    service: 'shop',
    name: 'GET',
    kind: 'server',
    status: '',
    attributes: '',
  }
  const read = (change: object, type?: string) => {
    const cells = Object.values({ ...row, ...change })
    const typed = Object.keys(change)[0]
    const columns = header.split(',').map((name) => ({ name, type: name === typed ? type : undefined }))
    return spanReader(columns, 'duration=duration:ms').span(cells, 2)
  }
  const start = BigInt(Date.parse('2026-11-20T10:00:00Z')) * 1_000_000n

  it.each([
    ['2026-11-20 10:00:00', undefined, start],
    ['2026-11-20 10:00:00.000000123 UTC', undefined, start + 123n],
    ['2026-11-20T12:00:00.5+02:00', undefined, start + 500_000_000n],
    ['1795168800', undefined, start],
    ['1795168800.25', undefined, start + 250_000_000n],
    ['1795168800000', 'Int64', start],
    ['1795168800000001', 'Nullable(Int64)', start + 1_000n],
    ['1795168800000000001', 'UInt64', start + 1n],
    [1795168800.5, 'Float64', start + 500_000_000n],
    ['1795168800.000000001', "DateTime64(9, 'UTC')", start + 1n],
  ])('read %s as a moment', (value, type, expected) => {
    expect(read({ start: value }, type).startNs).toBe(expected)
  })

  it.each([
    [{ duration: '12.5' }, { durationNs: 12_500_000n }],
    [{ duration: '3us' }, { durationNs: 3_000n }],
    [{ trace_id: '0af76519-16cd-43dd-8448-eb211c80319c' }, { traceId: '0af7651916cd43dd8448eb211c80319c' }],
    [{ kind: 'SPAN_KIND_CLIENT' }, { kind: 'Client' }],
    [{ kind: '5' }, { kind: 'Consumer' }],
    [{ status: 'STATUS_CODE_ERROR' }, { status: 'Error' }],
    [{ status: true }, { status: 'Error' }],
    [
      { attributes: '{"http":{"route":"/a","code":500},"tags":["x"],"none":null}' },
      { attributes: { 'http.route': '/a', 'http.code': '500', tags: '["x"]' } },
    ],
    [
      { attributes: `{'http.route':'/it\\'s "a"','b':'c\\\\d'}` },
      { attributes: { 'http.route': `/it's "a"`, b: 'c\\d' } },
    ],
  ])('read %o', (change, expected) => {
    expect(read(change)).toMatchObject(expected)
  })

  it.each([
    [
      { start: 'yesterday' },
      undefined,
      'column "start": expected a moment, such as 2026-11-20T10:00:00.123Z, got "yesterday"',
    ],
    [
      { start: '17' },
      undefined,
      'column "start": expected a moment whose unit is clear; give the unit, such as :ms, got "17"',
    ],
    [{ start: '2026-11-20' }, 'Date32', 'column "start": expected a time of day too, got "2026-11-20"'],
    [{ start: null }, undefined, 'column "start": expected a moment'],
    [{ duration: '-1' }, undefined, 'column "duration": expected a length of time, got "-1"'],
    [{ trace_id: 'xyz' }, undefined, 'column "trace_id": expected up to 32 hex digits, got "xyz"'],
    [{ status: '404' }, undefined, 'an HTTP status is attribute.http.response.status_code), got "404"'],
    [
      { attributes: 'GET /' },
      undefined,
      'column "attributes": expected attributes, as JSON such as {"http.route":"/cart"}',
    ],
  ])('say what is wrong with %o', (change, type, message) => {
    expect(() => read(change, type)).toThrow(message)
  })

  it('make ids where there are none, the same each time', () => {
    const reader = spanReader([{ name: 'ts' }, { name: 'end' }], 'service:=shop,name:=GET')
    const cells = ['1795168800', '1795168801']
    const [one, again, other] = [reader.span(cells, 2), reader.span(cells, 2), reader.span(cells, 3)]
    expect(one).toEqual(again)
    expect(one.traceId).toMatch(/^[\da-f]{32}$/)
    expect(other.traceId).not.toBe(one.traceId)
    expect(reader.notes).toEqual([expect.stringContaining('no column is a trace id')])
  })
})

const headerLine = 'trace_id,span_id,start,duration_ms,service,name,kind,http.route,service.version'
const csvOf = (service: string, rows: number, separator = ','): string =>
  [
    headerLine,
    ...Array.from(
      { length: rows },
      (_, n) =>
        `${n + 1},${n + 1},2026-01-20T10:00:${String(n % 60).padStart(2, '0')}Z,5,${service},GET,server,/cart,1.0.0`,
    ),
  ]
    .join('\n')
    .replaceAll(',', separator)

describe('a table that is imported', () => {
  it.each([',', '\t', ';'])('is CSV, parted by %j, gzip or not', async (separator) => {
    const service = `csv-${separator.charCodeAt(0)}`
    expect(await imported(csvOf(service, 90, separator))).toMatchObject({
      spans: 90,
      requests: 90,
      refusedCount: 0,
      notes: [],
    })
    expect(await imported(gzipSync(csvOf(service, 90, separator)))).toMatchObject({ spans: 90 })
    expect(await known(service)).toMatchObject({ values: ['service.version=1.0.0'], requests: [90] })
  })

  it('goes in but for the rows that are refused, which are named', async () => {
    const text = csvOf('rest', 3).split('\n')
    text.splice(2, 0, '7,7,soon,5,rest,GET,server,/cart,1.0.0', '8,8', '9,9,1999-01-20T10:00:00Z,5,rest,GET,server,/,1')
    expect(await imported(text.join('\n'))).toMatchObject({
      spans: 3,
      refusedCount: 3,
      refused: [
        { line: 3, why: expect.stringContaining('column "start": expected a moment') },
        { line: 4, why: 'expected 9 columns, as the header has, got 2' },
        {
          line: 5,
          why: '1 span refused: it starts at 1999-01-20T10:00:00.000Z, older than what the store keeps (--keep)',
        },
      ],
    })
  })

  it('is refused whole, before all of it is read, where its columns make no spans', async () => {
    const { status, answer } = await post(`a,b\n${'1,2\n'.repeat(3_000_000)}`)
    expect(status).toBe(400)
    expect(answer).toMatchObject({ error: { kind: 'usage', message: expect.stringContaining('the columns are a, b') } })
  })

  it("is Parquet with the Collector's columns", async () => {
    const file = await parquetOf(`
      SELECT
        toDateTime64('2026-01-20 10:00:00', 9, 'UTC') + toIntervalMillisecond(number) AS Timestamp,
        lower(leftPad(hex(number + 1), 32, '0')) AS TraceId, lower(leftPad(hex(number + 1), 16, '0')) AS SpanId,
        '' AS ParentSpanId, 'GET /cart' AS SpanName, 'Server' AS SpanKind, 'collector' AS ServiceName,
        map('service.version', '1.0.0') AS ResourceAttributes, map('http.route', '/cart') AS SpanAttributes,
        toUInt64(5000000) AS Duration, 'Unset' AS StatusCode,
        [toDateTime64('2026-01-20 10:00:00', 9, 'UTC')] AS \`Events.Timestamp\`, ['exception'] AS \`Events.Name\`,
        [map('exception.type', 'TypeError')] AS \`Events.Attributes\`
      FROM numbers(70000)`)
    expect(await imported(file)).toMatchObject({ spans: 70_000, refusedCount: 0, notes: [] })
    expect(await known('collector')).toMatchObject({ values: ['service.version=1.0.0'], requests: [70_000] })
    // Nothing of it is left behind.
    expect((await readdir(directory)).filter((name) => name.startsWith('parquet'))).toEqual([])
  })

  it('is Parquet as pandas writes it', async () => {
    const file = await readFile(new URL('../../../../../test/spans/pandas.parquet', import.meta.url))
    const answers = await Promise.all([imported(file), imported(gzipSync(file))])
    for (const answer of answers) expect(answer).toMatchObject({ spans: 6, refusedCount: 0, notes: [] })
    expect(await known('shop')).toMatchObject({ requests: [2, 2] })
  })

  it('is no Parquet when it only begins so', async () => {
    expect(await post('PAR1 and no more of it')).toMatchObject({
      status: 400,
      answer: { error: { kind: 'malformed', message: expect.stringMatching(/^cannot be read as Parquet: [^\n]*$/) } },
    })
  })
})

import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { coalmineHere, type Run, serve, start } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const compare = ['--service', 'shop', '--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0']

// The start of a tick: a comparison begins with that of the first canary span.
const began = Math.floor((Date.now() - 1_800_000) / 5_000) * 5_000

const requestsOf = async (args: readonly string[]): Promise<number> => {
  const { stdout } = await coalmineHere(folder, ['compare', ...compare, ...args, '--format', 'json'])
  const { stable, canary } = JSON.parse(stdout).cohorts
  return stable.requests + canary.requests
}

/** A file of requests, ten spans a line, over twenty minutes. */
function writeLines(name: string, spans: number): void {
  const lines = Array.from({ length: spans / 10 }, (_, line) => {
    const resource = {
      attributes: [
        { key: 'service.name', value: { stringValue: 'shop' } },
        { key: 'service.version', value: { stringValue: line % 2 === 0 ? '1.0.0' : '2.0.0' } },
      ],
    }
    const each = Array.from({ length: 10 }, (_, n) => {
      const id = line * 10 + n + 1
      const ms = began + Math.floor((id * 1_200_000) / spans)
      return {
        traceId: id.toString(16).padStart(32, '0'),
        spanId: id.toString(16).padStart(16, '0'),
        name: 'GET /cart',
        kind: 2,
        startTimeUnixNano: `${ms}000000`,
        endTimeUnixNano: `${ms + 20 + (id % 7)}000000`,
      }
    })
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: {}, spans: each }] }] })
  })
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
}

it('refuses spans older than the store keeps, and says how to keep them', async () => {
  const old = 'when,took_ms,path,trace\n2019-11-20T10:00:00Z,20,/cart,a1\n'
  writeFileSync(join(folder, 'old.csv'), old)
  const columns = 'start=when,duration=took_ms,name=path,service:=shop'
  const importing = ['import', '--store', 'old', '--columns', columns, 'old.csv']
  const refused = await coalmineHere(folder, importing)
  expect(refused).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('older than what the store keeps (--keep)'),
  })
  expect(await coalmineHere(folder, [...importing, '--again', '--keep', '3650d'])).toMatchObject({
    code: 0,
    stdout: 'old.csv: 1 span stored\n',
  })
})

describe('a table of spans', () => {
  const rows = Array.from(
    { length: 400 },
    (_, n) => `${began + n * 1_000},${20 + (n % 7)},/cart,${n % 2 === 0 ? '1.0.0' : '2.0.0'},t${n}`,
  )
  const csv = ['when,took,path,version,note', ...rows].join('\n')
  const columns = 'start=when,duration=took:ms,name=path,service:=shop,attribute.service.version=version'

  it('says which columns it misses, and which there are', async () => {
    writeFileSync(join(folder, 'spans.csv'), csv)
    expect(await coalmineHere(folder, ['import', '--store', 'csv', 'spans.csv'])).toMatchObject({
      code: 64,
      stdout: '',
      stderr:
        'coalmine: spans.csv: cannot tell which column is the start of a span: name it with --columns start=<column>; the columns are when, took, path, version, note\n',
    })
  })

  it('is stored, and judged', async () => {
    const note =
      'coalmine: spans.csv: no column is a trace id, so each row is taken for a request of its own (--columns trace=<column>)\n'
    const stored = await coalmineHere(folder, ['import', '--store', 'csv', '--columns', columns, 'spans.csv'])
    expect(stored).toEqual({ code: 0, stdout: 'spans.csv: 400 spans stored\n', stderr: note })
    expect(await requestsOf(['--from', 'spans.csv', '--columns', columns])).toBe(400)
  })

  it('is stored but for its bad rows, which are named, also when it is imported again', async () => {
    writeFileSync(join(folder, 'bad.csv'), csv.replace(`\n${began + 1_000},`, '\nsoon,'))
    const args = ['import', '--store', 'bad', '--columns', columns, 'bad.csv']
    const expectBad = ({ code, stderr }: Run): void => {
      expect(code).toBe(65)
      expect(stderr).toContain(
        'coalmine: bad.csv:3: column "when": expected a moment, such as 2026-11-20T10:00:00.123Z',
      )
    }
    const first = await coalmineHere(folder, args)
    expectBad(first)
    expect(first.stdout).toBe('bad.csv: 399 spans stored, 1 line refused\n')
    const second = await coalmineHere(folder, args)
    expectBad(second)
    expect(second.stdout).toBe('bad.csv: 399 spans were stored before, 1 line refused; --again reads it anew\n')
  })
})

describe('an import that is interrupted', () => {
  it('by kill -9 of the server goes on where it was, and counts every span once', async () => {
    const spanCount = 60_000
    writeLines('many.jsonl', spanCount)
    const first = await serve(folder, ['--store', 'killed'])
    const importing = coalmineHere(folder, ['import', '--store', 'killed', 'many.jsonl'])
    const rows = async (): Promise<number> => {
      const { tables } = (await (await fetch(`${first.url}/api/store`)).json()) as {
        tables: { table: string; rows: number }[]
      }
      return tables.find(({ table }) => table === 'coalmine_imports')?.rows ?? 0
    }
    await expect.poll(rows, { interval: 20 }).toBeGreaterThan(0)
    first.process.kill('SIGKILL')
    expect(await importing).toMatchObject({ code: 69, stdout: '' })
    const run = await coalmineHere(folder, ['import', '--store', 'killed', 'many.jsonl'])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const [, fresh, before] = /^many\.jsonl: (\d+) spans stored after the (\d+) that were there\n$/.exec(run.stdout)!
    expect(Number(before)).toBeGreaterThan(0)
    expect(Number(fresh) + Number(before)).toBe(spanCount)
    expect(await requestsOf(['--store', 'killed'])).toBe(spanCount)
  })

  it('by the user says so, and can be taken up', async () => {
    writeLines('some.jsonl', 20_000)
    const child = start(folder, ['import', '--store', 'stopped', 'some.jsonl'])
    let stderr = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    await expect.poll(() => existsSync(join(folder, 'stopped', 'coalmine.lock'))).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number]
    // A quick machine may be done by then.
    if (code !== 0)
      expect([code, stderr]).toEqual([130, 'coalmine: some.jsonl: stopped; import it again to go on from there\n'])
    expect(await coalmineHere(folder, ['import', '--store', 'stopped', 'some.jsonl'])).toMatchObject({ code: 0 })
    expect(await requestsOf(['--store', 'stopped'])).toBe(20_000)
  })
})

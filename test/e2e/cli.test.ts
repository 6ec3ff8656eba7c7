import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmine, type Run, serve } from './coalmine.ts'
import { otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const from = Date.now() - 3_600_000
const shop = { service: 'shop', route: 'GET /cart', from, seconds: 60, perSecond: 20, medianMs: 20 } as const
const compare = [
  'compare',
  '--service',
  'shop',
  '--stable',
  'service.version=1.9.0',
  '--canary',
  'service.version=2.0.0',
]

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content)
  return name
}

beforeAll(() => {
  const stable = otlpLines({ ...shop, version: '1.9.0', seed: 1 })
  const slow = otlpLines({ ...shop, version: '2.0.0', medianMs: 40, seed: 2 })
  const test = otlpLines({ ...shop, version: '2.0.0', perSecond: 2, medianMs: 900, test: true, seed: 3 })
  file('slow.jsonl.gz', gzipSync([...stable, ...slow, ...test].join('\n')))
  const good = otlpLines({ ...shop, version: '2.0.0', seed: 4 })
  file('good.jsonl', [...stable, ...good].join('\n'))
  file('broken.jsonl', [stable[0], 'not OTLP', stable[1]].join('\n'))
  file('request.json', stable[0]!)
})

/** What every failure owes the user. */
function expectMessage(run: Run, code: number, ...parts: readonly string[]): void {
  for (const part of parts) expect(run.stderr).toContain(part)
  expect(run.stderr).not.toMatch(/^\s+at .*[:(]\d+/m)
  expect(run.code).toBe(code)
}

describe('compare --from', () => {
  it('fails a slower canary: text for people, exit code 1', async () => {
    const run = await coalmine(folder, [...compare, '--from', 'slow.jsonl.gz'])
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(/^FAIL {2}shop: service\.version=2\.0\.0 against service\.version=1\.9\.0\n/)
    expect(run.stdout).toMatch(/GET \/cart is slower: median .* -> .*more than the margin of 10 % or 2 ms/)
    expect(run.stdout).toContain('requests of test traffic are in neither cohort (stable 0, canary 120)')
    expect(run.code).toBe(1)
  })

  it('judges test traffic where a selector names it', async () => {
    const selectors = ['--stable', 'service.version=2.0.0', '--canary', 'service.version=2.0.0,coalmine.test=true']
    const run = await coalmine(folder, [
      ...compare.slice(0, 3),
      ...selectors,
      '--from',
      'slow.jsonl.gz',
      '--format',
      'json',
    ])
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toMatchObject({
      verdict: 'fail',
      cohorts: { canary: { requests: 120, testRequests: 0 } },
    })
  })

  it('writes the same verdict as JSON that conforms to its schema, to a file where one is named', async () => {
    const run = await coalmine(folder, [
      ...compare,
      '--from',
      'slow.jsonl.gz',
      '--format',
      'json',
      '--output',
      'verdict.json',
    ])
    expect(run).toMatchObject({ code: 1, stdout: '' })
    const verdict = JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8'))
    const schema = JSON.parse(
      readFileSync(new URL('../../packages/comparator/verdict.schema.json', import.meta.url), 'utf8'),
    )
    const conforms = new Ajv2020({ strict: true }).compile(schema)
    expect(conforms(verdict) || conforms.errors).toBe(true)
    expect(verdict).toMatchObject({ schema: 'coalmine.verdict/1', verdict: 'fail', service: 'shop' })
    expect(verdict.cohorts.canary).toMatchObject({ requests: 1200, testRequests: 120 })
  })

  it('is inconclusive about a good canary with little traffic, and says what is missing: exit code 2', async () => {
    const run = await coalmine(folder, [...compare, '--from', 'good.jsonl'])
    expect(run.stdout).toMatch(/^INCONCLUSIVE /)
    expect(run.stdout).toMatch(/Not settled: .* more canary requests/)
    expect(run.code).toBe(2)
  })

  it('takes looser margins: the same canary passes on latency alone', async () => {
    writeFileSync(join(folder, 'latency.yaml'), 'metrics: [latency]\nmargins:\n  latency: 50%,10ms\n')
    const run = await coalmine(folder, [...compare, '--from', 'good.jsonl', '--config', 'latency.yaml'])
    expect(run.stdout).toMatch(/^PASS /)
    expect(run.code).toBe(0)
  })

  it('names what the store has seen when a version or a service is unknown: exit code 3', async () => {
    const version = await coalmine(folder, [...compare.slice(0, -1), 'service.version=3.0.0', '--from', 'good.jsonl'])
    expectMessage(
      version,
      3,
      'no canary request with service.version=3.0.0',
      'service.version=1.9.0, service.version=2.0.0',
    )
    const service = await coalmine(folder, [
      'compare',
      '--service',
      'shpo',
      ...compare.slice(3),
      '--from',
      'good.jsonl',
    ])
    expectMessage(service, 3, 'no spans of service "shpo"', 'shop')
  })

  it('refuses the same cohort twice: exit code 3', async () => {
    const run = await coalmine(folder, [...compare.slice(0, -1), 'service.version=1.9.0', '--from', 'good.jsonl'])
    expectMessage(run, 3, '--stable and --canary both choose service.version=1.9.0')
  })

  it('gives no verdict on a file that is not OTLP: exit code 65', async () => {
    const run = await coalmine(folder, [...compare, '--from', 'broken.jsonl'])
    expectMessage(run, 65, 'broken.jsonl:2:', 'no verdict is given')
    expect(run.stdout).toBe('')
  })

  it('gives no verdict on an empty window: exit code 3', async () => {
    const run = await coalmine(folder, [
      ...compare,
      '--from',
      'good.jsonl',
      '--start',
      '2020-01-01',
      '--end',
      '2020-01-02',
    ])
    expectMessage(run, 3, 'between 2020-01-01T00:00:00.000Z and')
  })
})

describe('usage errors are exit code 64 and say what to do', () => {
  it.each<[string, string[], string[]]>([
    ['a mistyped flag', [...compare, '--form', 'x'], ["unknown option '--form'", '--from']],
    ['an unknown command', ['compre'], ["unknown command 'compre'", 'compare']],
    ['no service', ['compare'], ['which service?', '--service', 'COALMINE_SERVICE']],
    ['a level that is none', [...compare, '--alpha', '5'], ['--alpha', 'between 0 and 1']],
    [
      'a margin that is none',
      [...compare, '--margin', 'latency=fast', '--from', 'good.jsonl'],
      ['margins.latency', '10%,2ms', '"fast"'],
    ],
    [
      'a metric that is none',
      [...compare, '--margin', 'cost=5%', '--from', 'good.jsonl'],
      ['margins.cost', 'expected one of latency'],
    ],
    ['a selector that is none', [...compare.slice(0, -1), 'two', '--from', 'good.jsonl'], ['two']],
    ['a file that is not there', [...compare, '--from', 'nowhere.jsonl'], ['nowhere.jsonl', 'there is no such file']],
    [
      'a configuration that is not there',
      [...compare, '--config', 'none.yaml'],
      ['none.yaml', 'there is no such file'],
    ],
    ['a sliding window that is watched', ['watch', ...compare.slice(1), '--since', '30m'], ['--since']],
    ['two windows', [...compare, '--since', '30m', '--start', '2026-01-01'], ['--since', '--start']],
    [
      'an empty window',
      [...compare, '--from', 'good.jsonl', '--start', '2026-01-02', '--end', '2026-01-01'],
      ['the window is empty'],
    ],
  ])('%s', async (_name, args, parts) => {
    expectMessage(await coalmine(folder, args), 64, ...parts)
  })
})

describe('a store or server that is not there is exit code 69', () => {
  it('a directory without a store', async () => {
    expectMessage(
      await coalmine(folder, [...compare, '--store', 'nowhere']),
      69,
      'there is no store at nowhere',
      'coalmine serve',
    )
  })

  it('a server that does not answer', async () => {
    const run = await coalmine(folder, [...compare, '--server', 'http://127.0.0.1:9'])
    expectMessage(run, 69, 'http://127.0.0.1:9', 'coalmine serve')
  })

  it('a port in use', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as net.AddressInfo
    expectMessage(await coalmine(folder, ['serve', '--store', 'busy', '--port', String(port)]), 69, `127.0.0.1:${port}`)
    holder.close()
  })

  it('a server that asks for a token', async () => {
    const server = await serve(folder, ['--store', 'tokens', '--token', 'secret'])
    try {
      expectMessage(await coalmine(folder, [...compare, '--server', server.url]), 69, 'token')
      const run = await coalmine(folder, [...compare, '--server', server.url, '--token', 'secret'])
      expectMessage(run, 3, 'no spans of service "shop"')
    } finally {
      await server.stop()
    }
  })
})

describe('import', () => {
  it('takes one request, lines of requests, gzip and standard input, and compare finds them', async () => {
    expect(await coalmine(folder, ['import', '--store', 'imported', 'request.json'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    const stdin = readFileSync(join(folder, 'good.jsonl'), 'utf8').split('\n').slice(60).join('\n')
    const run = await coalmine(folder, ['import', '--store', 'imported', '-'], stdin)
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: '-: 1200 spans stored\n' })
    const verdict = await coalmine(folder, [...compare, '--store', 'imported', '--format', 'json'])
    expect(JSON.parse(verdict.stdout).cohorts).toMatchObject({ stable: { requests: 20 }, canary: { requests: 1200 } })
  })

  it('takes the rest of a file with a bad line, names the line, and exits with 65', async () => {
    const run = await coalmine(folder, ['import', '--store', 'rest', 'broken.jsonl'])
    expectMessage(run, 65, 'broken.jsonl:2:')
    expect(run.stdout).toBe('broken.jsonl: 40 spans stored, 1 refused\n')
  })
})

describe('serve', () => {
  it('owns its directory: other commands given it go through the owner', async () => {
    const server = await serve(folder, ['--store', 'owned'])
    try {
      const second = await coalmine(folder, ['serve', '--store', 'owned', '--port', '0'])
      expectMessage(second, 69, 'owned', server.url)
      expect(await coalmine(folder, ['import', '--store', 'owned', 'slow.jsonl.gz'])).toMatchObject({ code: 0 })
      expect(await coalmine(folder, [...compare, '--store', 'owned'])).toMatchObject({ code: 1 })
      const watch = await coalmine(folder, ['watch', ...compare.slice(1), '--store', 'owned'])
      expect(watch.stdout).toMatch(/^FAIL /)
      expect(watch.code).toBe(1)
      const doctor = await coalmine(folder, ['doctor', '--service', 'shop', '--store', 'owned'])
      expect(doctor).toMatchObject({ code: 0, stderr: '' })
      expect(doctor.stdout).toContain('2.0.0')
    } finally {
      expect(await server.stop()).toBe(0)
    }
    // What it stored is still there for a command that opens the directory itself.
    expect(await coalmine(folder, [...compare, '--store', 'owned'])).toMatchObject({ code: 1 })
  })

  it('that was killed leaves a stale address, which is noticed', async () => {
    const server = await serve(folder, ['--store', 'stale'])
    server.process.kill('SIGKILL')
    await new Promise((resolve) => server.process.once('exit', resolve))
    expect(await coalmine(folder, ['import', '--store', 'stale', 'request.json'])).toMatchObject({
      code: 0,
      stderr: '',
    })
  })
})

describe('help', () => {
  it.each([[], ['serve'], ['import'], ['compare'], ['watch'], ['doctor'], ['sign'], ['demo']])(
    'of coalmine %s is as it was',
    async (...command) => {
      const run = await coalmine(folder, [...command, '--help'])
      expect(run).toMatchObject({ code: 0, stderr: '' })
      await expect(run.stdout).toMatchFileSnapshot(`./help/${command[0] ?? 'coalmine'}.golden.txt`)
    },
  )

  it('tells its version', async () => {
    expect((await coalmine(folder, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

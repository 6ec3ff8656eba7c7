import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bin, coalmine, coalmineHere, type Run, serve, start, storeHere } from './coalmine.ts'
import { compareShop as compare, otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The start of a minute, so that the ticks have the same spans in each run.
const from = Math.floor(Date.now() / 60_000 - 60) * 60_000
const shop = { service: 'shop', route: 'GET /cart', from, seconds: 60, perSecond: 20, medianMs: 20 } as const
function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content)
  return name
}

beforeAll(() => {
  const stable = otlpLines({ ...shop, version: '1.9.0', seed: 1 })
  const slow = otlpLines({ ...shop, version: '2.0.0', medianMs: 40, seed: 2 })
  const test = otlpLines({ ...shop, version: '2.0.0', perSecond: 2, medianMs: 900, test: true, seed: 3 })
  const bad = [...stable, ...slow, ...test].join('\n')
  file('slow.jsonl.gz', gzipSync(bad))
  file('storefront.jsonl', bad.replaceAll('"stringValue":"shop"', '"stringValue":"storefront"'))
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
  it('fails a slower canary: text for people, exit code 1, whatever the environment says of stores', async () => {
    // One that is empty is none.
    const settings = { COALMINE_STORE: 'elsewhere', COALMINE_SERVER: 'http://127.0.0.1:9', COALMINE_ALPHA: '' }
    const run = await coalmine(folder, [...compare, '--from', 'slow.jsonl.gz'], '', settings)
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(/^FAIL {2}shop: service\.version=2\.0\.0 against service\.version=1\.9\.0\n/)
    expect(run.stdout).toMatch(/GET \/cart is slower.* -> .*more than the margin of 10 % or 2 ms/)
    expect(run.stdout).toContain('requests of test traffic are left out (stable 0, canary 120)')
    expect(run.code).toBe(1)
  })

  it('gives no verdict on a file that is not OTLP: exit code 65', async () => {
    const run = await coalmineHere(folder, [...compare, '--from', 'broken.jsonl'])
    expectMessage(run, 65, 'broken.jsonl:2:', '1 line was refused, so there is no verdict')
    expect(run.stdout).toBe('')
  })
})

describe('compare', () => {
  let store: Awaited<ReturnType<typeof storeHere>>
  beforeAll(async () => {
    store = await storeHere(folder, 'good')
    const imported = await coalmineHere(folder, ['import', '--store', 'good', 'good.jsonl', 'storefront.jsonl'])
    expect(imported).toMatchObject({ code: 0 })
  })
  afterAll(() => store.close())

  // The canary of this service is slower.
  const storefront = [...compare.with(2, 'storefront'), '--store', 'good']

  it('judges test traffic where a selector names it', async () => {
    const selectors = ['--stable', 'service.version=2.0.0', '--canary', 'service.version=2.0.0,coalmine.test=true']
    const args = ['compare', '--service', 'storefront', ...selectors, '--store', 'good', '--format', 'json']
    const run = await coalmineHere(folder, args)
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toMatchObject({
      verdict: 'fail',
      cohorts: { canary: { requests: 120, testRequests: 0 } },
    })
  })

  it('writes the same verdict as JSON that conforms to its schema, to a file where one is named', async () => {
    const run = await coalmineHere(folder, [...storefront, '--format', 'json', '--output', 'verdict.json'])
    expect(run).toMatchObject({ code: 1, stdout: '' })
    const verdict = JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8'))
    const schema = JSON.parse(
      readFileSync(new URL('../../packages/comparator/verdict.schema.json', import.meta.url), 'utf8'),
    )
    const conforms = new Ajv2020({ strict: true }).compile(schema)
    expect(conforms(verdict) || conforms.errors).toBe(true)
    expect(verdict).toMatchObject({ schema: 'coalmine.verdict/1', verdict: 'fail', service: 'storefront' })
    expect(verdict.cohorts.canary).toMatchObject({ requests: 1200, testRequests: 120 })
  })

  it('is inconclusive about a good canary with little traffic, and says what is missing: exit code 2', async () => {
    const run = await coalmineHere(folder, [...compare, '--store', 'good'])
    expect(run.stdout).toMatch(/^INCONCLUSIVE /)
    expect(run.stdout).toMatch(/Not settled: .* more canary requests/)
    expect(run.code).toBe(2)
  })

  it('takes looser margins: the same canary passes on latency alone', async () => {
    writeFileSync(
      join(folder, 'latency.yaml'),
      'metrics:\n  latency: { margin: "50%,10ms" }\n  errors: off\n  4xx: off\n',
    )
    const run = await coalmineHere(folder, [...compare, '--store', 'good', '--config', 'latency.yaml'])
    expect(run.stdout).toMatch(/^PASS /)
    expect(run.code).toBe(0)
  })

  it('names what the store has seen when a version or a service is unknown: exit code 3', async () => {
    const version = await coalmineHere(folder, [...compare.slice(0, -1), 'service.version=3.0.0', '--store', 'good'])
    expectMessage(
      version,
      3,
      'no canary request with service.version=3.0.0',
      'service.version=1.9.0, service.version=2.0.0',
    )
    const service = await coalmineHere(folder, ['compare', '--service', 'shpo', ...compare.slice(3), '--store', 'good'])
    expectMessage(service, 3, 'no spans of service "shpo"', 'shop')
  })

  it('refuses the same cohort twice: exit code 3', async () => {
    const run = await coalmineHere(folder, [...compare.slice(0, -1), 'service.version=1.9.0', '--store', 'good'])
    expectMessage(run, 3, '--stable and --canary both select service.version=1.9.0')
  })

  it('gives no verdict on an empty window: exit code 3', async () => {
    const run = await coalmineHere(folder, [
      ...compare,
      '--store',
      'good',
      '--start',
      '2020-01-01',
      '--end',
      '2020-01-02',
    ])
    expectMessage(run, 3, 'between 2020-01-01T00:00:00.000Z and')
  })

  describe('with settings from the environment', () => {
    it('takes what no flag gives: margins, a window, a file for the report', async () => {
      const start = new Date(from - 600_000).toISOString()
      const settings = {
        COALMINE_STORE: 'good',
        COALMINE_MARGIN: 'latency=300%,90ms errors=2',
        COALMINE_START: start,
        COALMINE_OUTPUT: 'from-settings.json',
        COALMINE_FORMAT: 'json',
      }
      const run = await coalmineHere(folder, storefront.slice(0, -2), '', settings)
      expect(run).toMatchObject({ stdout: '', stderr: '' })
      const verdict = JSON.parse(readFileSync(join(folder, 'from-settings.json'), 'utf8'))
      expect(verdict.policy).toMatchObject({
        alpha: 0.05,
        metrics: [
          { margin: { ratio: 3 } },
          { margin: { oddsRatio: 2 } },
          { name: 'client-errors' },
          { name: 'lost-requests' },
          { name: 'inner-errors' },
        ],
      })
      expect(verdict.verdict).not.toBe('fail')
      expect(verdict.window.start).toBe(start)
    })

    it('takes flags instead that exclude them', async () => {
      const settings = { COALMINE_START: '2020-01-01', COALMINE_END: '2020-01-02' }
      const run = await coalmineHere(folder, [...storefront, '--since', '2h'], '', settings)
      expect(run).toMatchObject({ code: 1, stderr: '' })
      const both = await coalmineHere(folder, storefront, '', { ...settings, COALMINE_SINCE: '2h' })
      expectMessage(both, 64, '--since', '--start')
    })
  })
})

describe('usage errors are exit code 64 and say what to do', () => {
  it.each<[string, string[], string[]]>([
    ['a mistyped flag', [...compare, '--form', 'x'], ["unknown option '--form'", '--from']],
    ['an unknown command', ['compre'], ["unknown command 'compre'", 'compare']],
    ['no service', ['compare'], ['service is missing: ', '--service', 'COALMINE_SERVICE']],
    ['a level that is none', [...compare, '--alpha', '5'], ['--alpha', 'between 0 and 1']],
    [
      'a margin that is none',
      [...compare, '--margin', 'latency=fast', '--from', 'good.jsonl'],
      ['metrics.latency.margin', '10%,2ms', '"fast"'],
    ],
    [
      'a metric that is none',
      [...compare, '--margin', 'cost=5%', '--from', 'good.jsonl'],
      ['metrics.cost', 'expected one of latency'],
    ],
    ['a selector that is none', [...compare.slice(0, -1), 'two', '--from', 'good.jsonl'], ['two']],
    ['a file that is not there', [...compare, '--from', 'nowhere.jsonl'], ['nowhere.jsonl', 'there is no such file']],
    ['a server that is none', [...compare, '--server', 'localhost:4318'], ['--server', 'http://127.0.0.1:4318']],
    [
      'a margin without its unit, whether or not there is a store',
      [...compare, '--margin', 'latency=10', '--store', 'nowhere'],
      ['metrics.latency.margin', '"10"'],
    ],
    ['files and a store', [...compare, '--from', 'good.jsonl', '--store', 'imported'], ['--from', '--store']],
    [
      'a configuration that is not there',
      [...compare, '--config', 'none.yaml'],
      ['none.yaml', 'there is no such file'],
    ],
    ['a sliding window that is watched', ['watch', ...compare.slice(1), '--since', '30m'], ['--since']],
    ['two windows', [...compare, '--since', '30m', '--start', '2026-01-01'], ['--since', '--start']],
    [
      'an empty window',
      [...compare, '--from', 'request.json', '--start', '2026-01-02', '--end', '2026-01-01'],
      ['the window is empty'],
    ],
  ])('%s', async (_name, args, parts) => {
    expectMessage(await coalmineHere(folder, args), 64, ...parts)
  })
})

describe('a file that cannot be read is exit code 64', () => {
  it.runIf(existsSync('/proc/self/mem'))('names it, and leaves no temporary store', async () => {
    mkdirSync(join(folder, 'temporary'))
    const settings = { TMPDIR: join(folder, 'temporary') }
    // A file that opens, and then fails on the first read.
    const run = await coalmineHere(folder, [...compare, '--from', '/proc/self/mem'], '', settings)
    expectMessage(run, 64, '/proc/self/mem: it cannot be read')
    expect(readdirSync(settings.TMPDIR)).toEqual([])
  })

  // The super-user may read everything.
  it.skipIf(process.getuid?.() === 0)('because of its permissions', async () => {
    writeFileSync(join(folder, 'secret.jsonl'), '{}', { mode: 0 })
    const run = await coalmineHere(folder, [...compare, '--from', 'secret.jsonl'])
    expectMessage(run, 64, 'secret.jsonl: it cannot be read (EACCES)')
  })
})

describe('settings from the environment', () => {
  it('are checked as flags are', async () => {
    const run = await coalmineHere(folder, ['watch', ...compare.slice(1)], '', { COALMINE_FOR: 'long' })
    expectMessage(run, 64, '--for', 'COALMINE_FOR', '90s')
  })
})

// A store that takes connections and never answers.
const silent = net.createServer()
beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)))
afterAll(() => void silent.close())
const store = (): string[] => ['--store', `http://127.0.0.1:${(silent.address() as net.AddressInfo).port}`]

describe('what is broken is told, and is no verdict', () => {
  it.runIf(existsSync('/dev/full'))('an output that takes nothing: exit code 69', () => {
    const full = openSync('/dev/full', 'w')
    const run = spawnSync(process.execPath, [bin, '--help'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' })
    closeSync(full)
    expect(run.stderr).toBe('coalmine: standard output cannot be written (ENOSPC); is its disk full?\n')
    expect(run.status).toBe(69)
  })

  it.each(['throw new Error(`boom`)', 'Promise.reject(new Error(`boom`))'])(
    'a bug: %s is exit code 70',
    async (bug) => {
      const thrown = encodeURIComponent(`setTimeout(() => { ${bug} }, 300)`)
      const settings = { NODE_OPTIONS: `--import data:text/javascript,${thrown}` }
      const run = await coalmine(folder, ['serve', '--port', '0', ...store()], '', settings)
      expectMessage(run, 70, 'a bug in coalmine, not in your release: boom', 'COALMINE_DEBUG=1')
    },
  )
})

describe('signals', () => {
  async function interrupted(args: readonly string[], signals: number): Promise<number | NodeJS.Signals> {
    const connected = once(silent, 'connection')
    const child = start(folder, args)
    const ended = once(child, 'exit')
    const [socket] = (await connected) as [net.Socket]
    child.kill('SIGTERM')
    // Two that come before it has looked are one.
    while (signals > 1 && child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      child.kill('SIGTERM')
    }
    const [code, signal] = (await ended) as [number | null, NodeJS.Signals]
    socket.destroy()
    return code ?? signal
  }

  it('one ends a server that is still starting', async () => {
    expect(await interrupted(['serve', '--port', '0', ...store()], 1)).toBe(130)
  })

  it('two end anything at once', async () => {
    // As the signal would: an exit would run the engine's destructors while its statements run, which crashes.
    expect(await interrupted([...compare, ...store()], 2)).toBe('SIGTERM')
  })
})

describe('a store or server that is not there is exit code 69', () => {
  it('a directory without a store', async () => {
    expectMessage(
      await coalmineHere(folder, [...compare, '--store', 'nowhere']),
      69,
      'there is no store at nowhere',
      'coalmine serve',
    )
  })

  it('a server that does not answer', async () => {
    const run = await coalmineHere(folder, [...compare, '--server', 'http://127.0.0.1:9'])
    expectMessage(run, 69, 'http://127.0.0.1:9', 'coalmine serve')
  })

  it.each([
    ['a page', 'text/html', '<!doctype html><p>Hello'],
    ['JSON of another kind', 'application/json', '{"status":"ok"}'],
  ])('a server that is not coalmine: %s', async (_name, type, body) => {
    const asked: (string | undefined)[] = []
    const other = http.createServer((req, res) => {
      asked.push(req.url?.replace(/file=\w+/, 'file=ID'))
      req.resume().on('end', () => res.setHeader('content-type', type).end(body))
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const server = ['--server', `http://127.0.0.1:${(other.address() as net.AddressInfo).port}/behind/`]
    for (const args of [compare, ['import', 'request.json'], ['doctor', '--service', 'shop']]) {
      expectMessage(await coalmineHere(folder, [...args, ...server]), 69, 'does something else run there?')
    }
    other.close()
    expect(asked).toEqual(['/behind/api/compare', '/behind/api/import?file=ID', '/behind/api/doctor?service=shop'])
  })

  it('a port in use', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as net.AddressInfo
    expectMessage(
      await coalmineHere(folder, ['serve', '--store', 'busy', '--port', String(port)]),
      69,
      `127.0.0.1:${port}`,
    )
    holder.close()
  })

  it('a server that asks for a token', async () => {
    const server = await storeHere(folder, 'tokens', { token: 'secret' })
    try {
      const asked = [...compare, '--server', server.url]
      expectMessage(await coalmineHere(folder, asked), 69, 'this server needs a token: pass it with --token')
      const wrong = await coalmineHere(folder, [...asked, '--token', 'wrong'])
      expectMessage(wrong, 69, 'this server does not know that token: check --token')
      expect(wrong.stderr).not.toContain('wrong')
      const run = await coalmineHere(folder, [...compare, '--server', server.url, '--token', 'secret'])
      expectMessage(run, 3, 'no spans of service "shop"')
    } finally {
      await server.close()
    }
  })
})

describe('import', () => {
  let store: Awaited<ReturnType<typeof storeHere>>
  beforeAll(async () => {
    store = await storeHere(folder, 'imported')
  })
  afterAll(() => store.close())

  it('takes one request, lines of requests and standard input, and compare finds them', async () => {
    expect(await coalmineHere(folder, ['import', '--store', 'imported', 'request.json'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    const stdin = readFileSync(join(folder, 'good.jsonl'), 'utf8').split('\n').slice(60).join('\n')
    const run = await coalmine(folder, ['import', '--store', 'imported', '-'], stdin)
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: '-: 1200 spans stored\n' })
    const verdict = await coalmineHere(folder, [...compare, '--store', 'imported', '--format', 'json'])
    expect(JSON.parse(verdict.stdout).cohorts).toMatchObject({ stable: { requests: 20 }, canary: { requests: 1200 } })
  })

  it('takes the rest of a file with a bad line, names the line, and exits with 65', async () => {
    const run = await coalmineHere(folder, ['import', '--store', 'imported', 'broken.jsonl'])
    expectMessage(run, 65, 'broken.jsonl:2:')
    expect(run.stdout).toBe('broken.jsonl: 40 spans stored, 1 line refused\n')
  })
})

describe('serve', () => {
  it('owns its directory: other commands given it go through the owner', async () => {
    const server = await serve(folder, ['--store', 'owned'])
    try {
      const second = await coalmine(folder, ['serve', '--store', 'owned', '--port', '0'])
      expectMessage(second, 69, 'owned', server.url)
      expect(await coalmineHere(folder, ['import', '--store', 'owned', 'slow.jsonl.gz'])).toMatchObject({ code: 0 })
      expect(await coalmine(folder, [...compare, '--store', 'owned'])).toMatchObject({ code: 1 })
      const watch = await coalmineHere(folder, ['watch', ...compare.slice(1), '--store', 'owned'])
      expect(watch.stdout).toMatch(/^FAIL /)
      expect(watch.code).toBe(1)
      const doctor = await coalmineHere(folder, ['doctor', '--store', 'owned'])
      expect(doctor).toMatchObject({ code: 0, stderr: '' })
      expect(doctor.stdout).toContain('2.0.0')
    } finally {
      expect(await server.stop()).toBe(0)
    }
    // What it stored is still there for a command that opens the directory itself.
    expect(await coalmineHere(folder, [...compare, '--store', 'owned'])).toMatchObject({ code: 1 })
  })

  it('that was killed leaves a stale address, which is noticed', async () => {
    const server = await serve(folder, ['--store', 'owned'])
    server.process.kill('SIGKILL')
    await new Promise((resolve) => server.process.once('exit', resolve))
    expect(await coalmineHere(folder, ['import', '--store', 'owned', 'request.json'])).toMatchObject({
      code: 0,
      stderr: '',
    })
  })
})

describe('help', () => {
  it.each([
    [],
    ['serve'],
    ['import'],
    ['compare'],
    ['watch'],
    ['url'],
    ['report'],
    ['deploy'],
    ['dora'],
    ['flags'],
    ['flags', 'check'],
    ['runs'],
    ['runs', 'watch'],
    ['runs', 'revoke'],
    ['rollout'],
    ['rollout', 'start'],
    ['rollout', 'abort'],
    ['plan'],
    ['calibrate'],
    ['init'],
    ['check'],
    ['notify'],
    ['slo'],
    ['doctor'],
    ['store'],
    ['store', 'init'],
    ['store', 'backfill'],
    ['sign'],
    ['demo'],
  ])('of coalmine %s is as it was', async (...command) => {
    const run = await coalmineHere(folder, [...command, '--help'])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    await expect(run.stdout).toMatchFileSnapshot(`./help/${command.join('-') || 'coalmine'}.golden.txt`)
  })

  it('tells its version', async () => {
    expect((await coalmine(folder, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    ['--help', 40],
    ['compare --help', 100],
    ['report', 100],
  ])('of %s takes few modules: neither schemas nor what judges nor a server', async (words, most) => {
    const preload = new URL('./preloads/loaded.mjs', import.meta.url).href
    const { stderr } = await coalmine(folder, words.split(' '), '', { NODE_OPTIONS: `--import ${preload}` })
    const loaded = stderr.split('\n').filter((line) => /^(file|node):/.test(line))
    expect(loaded.filter((url) => url.endsWith('/cli/dist/run.js'))).toHaveLength(1)
    expect(loaded.filter((url) => /\/(zod|yaml|fastify)\/|\/(stats|server\/dist\/server)/.test(url))).toEqual([])
    expect(loaded.length).toBeLessThan(most)
  })
})

import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmineHere as coalmine, serve, start } from './coalmine.ts'
import { exampleOn, expectPrinted, filesOn } from './manual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coalmine-serve-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const file = (name: string): string => fileURLToPath(new URL(`../tls/${name}`, import.meta.url))
const tls = ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')]

describe('coalmine store', () => {
  it('tells what a store holds and how long it is kept', async () => {
    const server = await serve(folder, ['--store', 'kept', '--keep', '30d'])
    const body = JSON.stringify({ resourceSpans: [] })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${server.url}/v1/traces`, { method: 'POST', body, headers })).status).toBe(200)
    expect(await server.stop()).toBe(0)
    const text = await coalmine(folder, ['store', '--store', 'kept'])
    expect(text).toEqual({ code: 0, stdout: 'No spans yet; they are kept for 30 days.\n', stderr: '' })
    const json = await coalmine(folder, ['store', '--store', 'kept', '--format', 'json'])
    expect(JSON.parse(json.stdout)).toEqual({ tables: [], retentionDays: 30 })
  })

  it('is not made by asking for it', async () => {
    const { code, stderr } = await coalmine(folder, ['store', '--store', 'none'])
    expect([code, stderr]).toEqual([69, expect.stringContaining('there is no store at none')])
  })
})

describe('coalmine serve', () => {
  it('takes OTLP/gRPC, and says where', async () => {
    const server = await serve(folder, ['--store', 'grpc'])
    try {
      expectPrinted(exampleOn('server.md'), `${server.line.replace('serves grpc', 'serves .coalmine')}\n`)
      const url = /OTLP\/gRPC at (http:\S+)\)/.exec(server.line)![1]!
      const exporter = new OTLPTraceExporter({ url })
      const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
      provider.getTracer('test').startSpan('GET').end()
      await provider.shutdown()
      const { services } = (await (await fetch(`${server.url}/api/known`)).json()) as { services: string[] }
      expect(services).toHaveLength(1)
    } finally {
      expect(await server.stop()).toBe(0)
    }
  })

  it('with TLS is still found by commands on its directory', async () => {
    const server = await serve(folder, ['--store', 'tls', '--no-grpc', '--token', 'secret', ...tls])
    try {
      expect(server.url).toMatch(/^https:/)
      const { code, stderr } = await coalmine(folder, ['doctor', '--service', 'cart', '--store', 'tls'])
      expect([code, stderr]).toEqual([3, expect.stringContaining('cart')])
    } finally {
      expect(await server.stop()).toBe(0)
    }
  })

  it.each([
    ['nothing', [], '--token or --tokens with --tls-cert and --tls-key'],
    ['a token alone', ['--token', 'secret'], 'give --tls-cert and --tls-key'],
    ['a file of tokens alone', ['--tokens', 'none.txt'], 'give --tls-cert and --tls-key'],
    ['TLS alone', tls, 'give --token or --tokens'],
  ])('listens beyond this machine only with a token and TLS; not with %s', async (_name, args, message) => {
    const { code, stderr } = await coalmine(folder, ['serve', '--host', '0.0.0.0', '--port', '0', ...args])
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)])
    expect(stderr).toContain('--insecure')
  })

  it('listens beyond this machine when told so plainly', async () => {
    const server = await serve(folder, ['--store', 'open', '--host', '0.0.0.0', '--insecure'])
    expect(await server.stop()).toBe(0)
  })

  it('asks each for its own token, the token of the environment or not; commands on its directory need none', async () => {
    const [tokens] = filesOn('access.md')
    await writeFile(join(folder, tokens!.name), tokens!.content)
    const args = [...exampleOn('access.md').args, '--store', 'guarded', '--port', '0']
    const server = start(folder, args, { COALMINE_TOKEN: 'of-another-server' })
    try {
      const [line] = (await once(createInterface(server.stdout!), 'line')) as [string]
      expectPrinted(exampleOn('access.md'), `${line.replace('serves guarded', 'serves .coalmine')}\n`)
      const url = / on (\S+)/.exec(line)![1]!
      const known = (token: string) => fetch(`${url}/api/known`, { headers: { authorization: `Bearer ${token}` } })
      expect((await known(/^deploy .* (\w+)$/m.exec(tokens!.content)![1]!)).status).toBe(200)
      expect((await known('of-another-server')).status).toBe(401)
      expect(await coalmine(folder, ['store', '--store', 'guarded'])).toMatchObject({ code: 0, stderr: '' })
    } finally {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
  })

  it.each([
    ['a key that is missing', tls.slice(0, 2), '--tls-cert needs --tls-key'],
    [
      'a file that is not there',
      ['--tls-cert', 'none.pem', '--tls-key', 'none.pem'],
      '--tls-cert none.pem: there is no such file',
    ],
    [
      'files that are the wrong way round',
      ['--tls-cert', file('key.pem'), '--tls-key', file('cert.pem')],
      'not a certificate and its key in PEM',
    ],
    ['a file of tokens that is not there', ['--tokens', 'none.txt'], '--tokens none.txt: there is no such file'],
    ['two ways to say the token', ['--tokens', 'none.txt', '--token', 'x'], '--tokens cannot be used with --token'],
    ['a time to keep that is none', ['--keep', '14h'], 'such as 14d'],
  ])('names %s', async (_name, args, message) => {
    const { code, stderr } = await coalmine(folder, ['serve', '--store', 'wrong', '--port', '0', ...args])
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)])
  })
})

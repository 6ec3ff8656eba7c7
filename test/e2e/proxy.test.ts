import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, type Run, start, storeHere } from './coalmine.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-proxy-'))
let store: Awaited<ReturnType<typeof storeHere>>
const closing: (() => void)[] = []

beforeAll(async () => {
  store = await storeHere(folder, '.coalmine', { lookEveryMs: 100, baseUrl: 'https://coalmine.example' })
  const traffic = { service: 'shop', route: 'GET /cart', from: tickAgo(300_000), seconds: 120, perSecond: 20 }
  const spans = ['1.9.0', '2.0.0'].flatMap((version, seed) =>
    otlpLines({ ...traffic, version, medianMs: 20, seed: seed + 1 }),
  )
  writeFileSync(join(folder, 'spans.jsonl'), spans.join('\n'))
  expect(await coalmine(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0 })
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

type Pass = (from: IncomingMessage, to: ServerResponse) => void

/** A proxy before the server, which passes answers on in its own way; its URL. */
async function proxy(pass: Pass): Promise<string> {
  const server = createServer((asked, answer) => {
    const { method, headers, url } = asked
    const sent = request(store.url + url, { method: method!, headers }, (from) => pass(from, answer))
    sent.on('error', () => answer.destroy())
    answer.on('close', () => sent.destroy())
    asked.pipe(sent)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Watches a comparison through a proxy until it has been told how far it is, then ends it; what the command came to. */
async function watchedThrough(url: string): Promise<Run> {
  const args = ['watch', ...compareShop.slice(1), '--server', url, '--for', '1h', '--label', `proxy=${url}`]
  const child = start(folder, args)
  closing.push(() => child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close')
  await expect.poll(() => stderr).toContain('evidence of harm')
  const id = /comparison (\w+) runs in the server: https:\/\/coalmine\.example\/comparisons\/\1\n/.exec(stderr)![1]!
  await fetch(`${store.url}/api/comparisons/${id}/stop`, { method: 'POST' })
  const [code] = await ended
  return { code, stdout, stderr }
}

it('a comparison is watched behind a proxy that holds every answer back until it is whole', async () => {
  const url = await proxy(async (from, to) => {
    const body = await buffer(from).catch(() => undefined)
    if (body) to.writeHead(from.statusCode!, from.headers).end(body)
  })
  expect(await watchedThrough(url)).toMatchObject({ code: 2, stdout: expect.stringMatching(/^INCONCLUSIVE {2}shop/) })
})

it('a comparison is watched behind a proxy that cuts each stream after its first events', async () => {
  let streams = 0
  const url = await proxy((from, to) => {
    to.writeHead(from.statusCode!, from.headers)
    if (from.headers['content-type'] !== 'text/event-stream') return from.pipe(to)
    streams++
    let sent = 0
    return from.on('data', (piece: Buffer) => {
      sent += piece.length
      to.write(piece, () => sent > 500 && to.destroy())
    })
  })
  expect(await watchedThrough(url)).toMatchObject({ code: 2, stdout: expect.stringMatching(/^INCONCLUSIVE {2}shop/) })
  expect(streams).toBeGreaterThan(1)
})

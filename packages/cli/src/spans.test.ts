import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { type RunningServer, startServer } from '@coalmine/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Io } from './io.ts'
import { importFile } from './spans.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-spans-'))
  server = await startServer({ store: join(directory, 'store'), port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

async function importedTo({ isTTY }: { readonly isTTY: boolean }, rows: number): Promise<string> {
  let written = ''
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  const io: Io = {
    stdin: Readable.from([]),
    stdout: stderr,
    stderr: Object.assign(stderr, { isTTY }),
    env: {},
    colors: false,
    stop: new AbortController().signal,
  }
  const file = join(directory, `${rows}.csv`)
  const start = Date.now() - 60_000
  const lines = Array.from({ length: rows }, (_, n) => `${start + (n % 50_000)},5,shop,GET`)
  await writeFile(file, ['start,duration_ms,service,name', ...lines].join('\n'))
  expect(await importFile(server, file, io, {}, 20)).toMatchObject({ spans: rows, before: 0, refusedCount: 0 })
  return written.replaceAll(directory, '')
}

it('shows on a terminal how far an import is, and takes the line away', async () => {
  const [first, ...more] = (await importedTo({ isTTY: true }, 30_000)).split('\r\x1b[K').slice(1)
  expect(first).toMatch(/^\/30000\.csv: 0\.00\d of 0\.001 GB read, [\d ]+ spans stored, [\d ]+ a second$/)
  expect(more.at(-1)).toBe('')
})

it('is silent where there is no terminal', async () => {
  expect(await importedTo({ isTTY: false }, 1_000)).toBe('')
})

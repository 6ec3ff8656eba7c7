import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmine, type Run, serve, start } from './coalmine.ts'
import { exampleOn, expectPrinted } from './manual.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

let folder: string
const left = new Set<ChildProcess>()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-running-'))
  const traffic = { service: 'shop', route: 'GET /cart', from: tickAgo(120_000), seconds: 60, perSecond: 20 }
  const spans = ['1.9.0', '2.0.0'].flatMap((version, seed) =>
    otlpLines({ ...traffic, version, medianMs: 20, seed: seed + 1 }),
  )
  writeFileSync(join(folder, 'spans.jsonl'), spans.join('\n'))
  expect(await coalmine(folder, ['import', '--store', 'served', 'spans.jsonl'])).toMatchObject({ code: 0 })
})

afterAll(() => {
  for (const child of left) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const watching = ['watch', ...compareShop.slice(1), '--store', 'served', '--label', 'commit=abc123']

/** A watch that runs: what it has said so far, and how it ends. */
function watch(): { readonly stderr: () => string; readonly ended: Promise<Run>; readonly process: ChildProcess } {
  const child = start(folder, watching)
  left.add(child)
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close').then(([code]): Run => ({ code: code as number | null, stdout, stderr }))
  return { stderr: () => stderr, ended, process: child }
}

const idIn = (stderr: string): string | undefined => /comparison (\w+) runs in the server/.exec(stderr)?.[1]

/** What the API says of the comparison that runs. */
async function stateOf(url: string, id: string): Promise<Record<string, unknown>> {
  return (await fetch(`${url}/api/comparisons/${id}`)).json() as Promise<Record<string, unknown>>
}

const stop = (url: string, id: string): Promise<Response> =>
  fetch(`${url}/api/comparisons/${id}/stop`, { method: 'POST' })

it('watches of the same comparison are one in the server, which goes on when one of them leaves', async () => {
  const server = await serve(folder, ['--store', 'served'])
  left.add(server.process)
  const [one, other] = [watch(), watch()]
  await expect.poll(() => idIn(one.stderr())).toBeDefined()
  const id = idIn(one.stderr())!
  for (const page of ['watch-in-a-browser.md', 'running-comparisons.md', 'gates.md']) {
    const example = exampleOn(page)
    expect(example.args).toEqual([...watching.slice(0, -4), '--server', 'http://localhost:4318'])
    expectPrinted(example, `${one.stderr().split('\n')[0]!.replaceAll(server.url, 'http://localhost:4318')}\n`)
  }
  expect(one.stderr()).toContain(`comparison ${id} runs in the server: ${server.url}/comparisons/${id}\n`)
  await expect.poll(() => idIn(other.stderr())).toBe(id)
  await expect.poll(async () => (await stateOf(server.url, id))['outcome']).toBe('inconclusive')
  other.process.kill('SIGINT')
  expect(await other.ended).toMatchObject({ code: 2, stdout: expect.stringMatching(/^INCONCLUSIVE /) })
  expect(other.stderr()).toContain('it goes on in the server: the same command joins it again')
  expect(await stateOf(server.url, id)).toMatchObject({ state: 'running', labels: { commit: 'abc123' } })
  await stop(server.url, id)
  expect(await one.ended).toMatchObject({ code: 2, stdout: expect.stringMatching(/^INCONCLUSIVE /) })
  expect(await server.stop()).toBe(0)
})

it('a comparison goes on after kill -9 of its server, and so does whoever watches it', async () => {
  const server = await serve(folder, ['--store', 'served'])
  left.add(server.process)
  const watched = watch()
  await expect.poll(() => idIn(watched.stderr())).toBeDefined()
  const id = idIn(watched.stderr())!
  await expect.poll(async () => (await stateOf(server.url, id))['outcome']).toBe('inconclusive')
  const { startedAt } = await stateOf(server.url, id)
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
  const port = new URL(server.url).port
  const again = await serve(folder, ['--store', 'served', '--port', port, '--grpc-port', '0'])
  left.add(again.process)
  expect(await stateOf(again.url, id)).toMatchObject({ state: 'running', startedAt })
  await expect.poll(async () => (await stateOf(again.url, id))['judgedAt']).not.toBeNull()
  await stop(again.url, id)
  expect(await watched.ended).toMatchObject({ code: 2, stdout: expect.stringMatching(/^INCONCLUSIVE /) })
  expect(await again.stop()).toBe(0)
})

it('a watch whose server was started for it ends the comparison when it is stopped', async () => {
  const watched = watch()
  await expect.poll(() => watched.stderr()).toContain('evidence of harm')
  watched.process.kill('SIGINT')
  expect(await watched.ended).toMatchObject({ code: 2, stdout: expect.stringMatching(/^INCONCLUSIVE /) })
  const server = await serve(folder, ['--store', 'served'])
  left.add(server.process)
  const { comparisons } = (await (await fetch(`${server.url}/api/comparisons`)).json()) as {
    comparisons: { state: string }[]
  }
  expect(comparisons.filter(({ state }) => state === 'running')).toEqual([])
  expect(await server.stop()).toBe(0)
})

it('the link to a comparison is known before there is one', async () => {
  const cohorts = ['--service', 'shop & co', '--stable', 'service.version=1.9.0', '--canary', 'service.version=2.0.0']
  const query = 'service=shop+%26+co&stable=service.version%3D1.9.0&canary=service.version%3D2.0.0'
  const url = (...args: readonly string[]) => coalmine(folder, ['url', ...cohorts, '--store', 'served', ...args])
  expect(await url()).toMatchObject({ code: 64, stderr: expect.stringContaining('--base-url or --server') })
  const named = await url('--base-url', 'https://coalmine.example/', '--server', 'http://10.0.0.1:4318')
  expect(named).toMatchObject({ code: 0, stdout: `https://coalmine.example/compare?${query}\n` })
  expect(await url('--server', 'http://10.0.0.1:4318')).toMatchObject({
    stdout: `http://10.0.0.1:4318/compare?${query}\n`,
  })
  const server = await serve(folder, ['--store', 'served', '--base-url', 'https://coalmine.example'])
  left.add(server.process)
  expect(await url()).toMatchObject({ stdout: `https://coalmine.example/compare?${query}\n` })
  expect(await server.stop()).toBe(0)
})

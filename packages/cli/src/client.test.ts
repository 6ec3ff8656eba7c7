import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Run, runHere } from '../test/run.ts'

const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** What `compare` makes of a server that gives this answer to everything. */
async function comparedWith(status: number, answer: unknown): Promise<Run> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const cohorts = ['--stable', 'service.version=1', '--canary', 'service.version=2']
  return runHere(['compare', '--server', url, '--service', 'checkout', ...cohorts])
}

describe('an error that a server answers', () => {
  it.each([
    ['usage', 64],
    ['malformed', 65],
    ['unavailable', 69],
    ['no-data', 3],
    ['bug', 70],
  ])('of kind %s exits with %i', async (kind, code) => {
    const run = await comparedWith(400, { error: { kind, message: 'it is so' } })
    expect(run).toMatchObject({ code, stdout: '', stderr: 'coalmine: it is so\n' })
  })

  it.each(['pass', 'fail', 'inconclusive', 'invalid', 'interrupted', 'constructor', 'toString', '__proto__', ''])(
    'of kind "%s", which is none, exits with 69',
    async (kind) => {
      const run = await comparedWith(400, { error: { kind, message: 'it is so' } })
      expect(run).toMatchObject({ code: 69, stdout: '', stderr: 'coalmine: it is so\n' })
    },
  )
})

it('does not take for a verdict what has no outcome of ours', async () => {
  const run = await comparedWith(200, { schema: 'coalmine.verdict/1', verdict: 'constructor' })
  expect(run).toMatchObject({ code: 69, stdout: '' })
})

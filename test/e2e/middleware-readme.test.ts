import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

it.each(['express', 'fastify'])('the application in the README of %s runs, and knows test traffic', async (name) => {
  const home = join(root, 'packages', name)
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(home, 'README.md'), 'utf8'))!
  const port = await freePort()
  // Inside the package, so that what the example imports is found.
  const directory = mkdtempSync(join(home, 'readme-'))
  writeFileSync(join(directory, 'app.mjs'), code!.replace('8080', String(port)))
  const app = spawn(process.execPath, ['app.mjs'], { cwd: directory, stdio: 'inherit' })
  try {
    const cart = (headers: Record<string, string>): Promise<unknown> =>
      fetch(`http://localhost:${port}/cart`, { headers }).then(
        (response) => response.json(),
        () => undefined,
      )
    await expect.poll(() => cart({})).toEqual({ test: false })
    expect(await cart({ 'x-load-test': '1' })).toEqual({ test: true })
  } finally {
    app.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startListening } from './listening.ts'

const root = join(import.meta.dirname, '../..')

it.each(['express', 'fastify'])('the application in the README of %s runs, and knows test traffic', async (name) => {
  const home = join(root, 'packages', name)
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(home, 'README.md'), 'utf8'))!
  // Inside the package, so that what the example imports is found.
  const directory = mkdtempSync(join(home, 'readme-'))
  try {
    writeFileSync(join(directory, 'app.mjs'), code!.replace('8080', '0'))
    const { child, port } = await startListening(['app.mjs'], { cwd: directory })
    try {
      const cart = async (headers: Record<string, string>): Promise<unknown> =>
        (await fetch(`http://localhost:${port}/cart`, { headers })).json()
      expect(await cart({})).toEqual({ test: false })
      expect(await cart({ 'x-load-test': '1' })).toEqual({ test: true })
    } finally {
      child.kill('SIGKILL')
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { coalmine } from './coalmine.ts'
import { startListening } from './listening.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

it('the command of the first screen prints the verdict that stands below it', async () => {
  const [, command, printed] = /```console\n\$ npx coalmine (.*)\n([\s\S]*?)```/.exec(readme)!
  const run = await coalmine(root, command!.split(' '))
  expect(run.stdout).toBe(printed)
  expect(run).toMatchObject({ code: 1, stderr: '' })
})

it('the application of the first screen runs, and marks its spans', async () => {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readme)!
  expect(code!.trim().split('\n').length).toBeLessThanOrEqual(12)
  // Beside the demo's services, where Express and the flag SDK are installed.
  const app = join(root, `examples/demo/dist/readme-app-${process.pid}.mjs`)
  writeFileSync(app, code!)
  const bodies: string[] = []
  const sink = http.createServer((req, res) => {
    let body = ''
    req
      .on('data', (chunk) => (body += chunk))
      .on('end', () => {
        bodies.push(body)
        res.setHeader('content-type', 'application/json').end('{}')
      })
  })
  await new Promise<void>((resolve) => void sink.listen(0, '127.0.0.1', resolve))
  const { child, port } = await startListening(['--import', '@coalmine/register', app], {
    cwd: join(root, 'examples/demo'),
    env: {
      ...process.env,
      PORT: '0',
      COALMINE_VERSION: '2.0.0',
      OTEL_SERVICE_NAME: 'readme',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
    },
  })
  try {
    const response = await fetch(`http://127.0.0.1:${port}/cart`, { headers: { 'x-load-test': '1' } })
    expect(response.status).toBe(200)
    child.kill('SIGTERM')
    await once(child, 'exit')
    const spans = bodies.join('\n')
    expect(spans).toContain('"key":"service.version","value":{"stringValue":"2.0.0"}')
    expect(spans).toContain('"key":"coalmine.test","value":{"boolValue":true}')
  } finally {
    child.kill('SIGKILL')
    sink.close()
    rmSync(app, { force: true })
  }
})

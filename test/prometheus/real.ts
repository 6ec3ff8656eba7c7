// A real Prometheus, where one is installed: it scrapes what the test serves, or has what the test gives it.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { classicText, nativeProtobuf } from './exposition.ts'
import type { Process } from './service.ts'

export const installed: boolean = spawnSync('prometheus', ['--version']).status === 0

export interface RealPrometheus {
  readonly url: string
  stop(): Promise<void>
}

/** A process that can be scraped; at each scrape it has served so many requests more. */
export interface Target {
  readonly address: string
  scraped(): number
  close(): Promise<void>
}

export async function target(process: Process, kind: 'classic' | 'native', requests: number): Promise<Target> {
  let scrapes = 0
  const server: Server = createServer((_request, response) => {
    process.serve(requests)
    scrapes += 1
    const type = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
    response.setHeader('content-type', kind === 'native' ? type : 'text/plain; version=0.0.4')
    response.end(kind === 'native' ? nativeProtobuf(process) : `${classicText(process)}\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    scraped: () => scrapes,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Starts Prometheus; `openMetrics` is what it has from before, `targets` what it scrapes every second. */
export async function startPrometheus({
  openMetrics,
  targets = [],
}: {
  readonly openMetrics?: string
  readonly targets?: readonly Target[]
}): Promise<RealPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'coalmine-prometheus-'))
  const data = join(folder, 'data')
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'app', static_configs: [{ targets: targets.map(({ address }) => address) }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  if (openMetrics !== undefined) {
    writeFileSync(join(folder, 'samples.txt'), openMetrics)
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'samples.txt'), data], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  const port = await freePort()
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=30y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=native-histograms',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${port}`
  const ready = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  for (let tries = 0; !(await ready()); tries += 1) {
    if (tries > 200 || child.exitCode !== null) throw new Error('Prometheus did not start')
    await sleep(50)
  }
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

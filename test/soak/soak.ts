import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import { openStore } from '@coalmine/store'
import { createChdbConnection } from 'chdb/connection'
import { keyValues, protobufOf } from '../otlp.ts'

export interface SoakResult {
  readonly kills: number
  readonly acknowledged: number
  /** Acknowledged spans that the store does not have. */
  readonly lost: number
  /** Spans that closed ticks count, or that were told as late, of all distinct ones in the store. */
  readonly counted: number
  readonly late: number
  readonly stored: number
  /** Ticks that were closed more than once. */
  readonly closedTwice: number
}

const spanCount = 100
const atOnce = 4

// A server in a process of its own, which can be killed.
const program = `
  import { startServer } from '@coalmine/server'
  const [store] = process.argv.slice(-1)
  const { url } = await startServer({ store, port: 0, watermarkMs: 200 })
  process.send(url)`

/**
 * Kills a server at random moments under load, again and again, and then looks at what its store has. What was not
 * acknowledged is sent again, as exporters do; it may be there already.
 */
export async function soak(kills: number, progress: (kill: number) => void = () => {}): Promise<SoakResult> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-soak-'))
  try {
    const acknowledged = new Set<string>()
    const unsure: Batch[] = []
    for (let kill = 0; kill < kills; kill++) {
      progress(kill)
      const { child, url } = await serve(directory)
      const exited = once(child, 'exit')
      let killed = false
      const load = Array.from({ length: atOnce }, async () => {
        while (!killed) {
          const batch = unsure.pop() ?? newBatch()
          if (await send(url, batch)) for (const id of batch.ids) acknowledged.add(id)
          else unsure.push(batch)
        }
      })
      await setTimeout(500 + Math.random() * 2_500)
      child.kill('SIGKILL')
      killed = true
      await Promise.all([...load, exited])
    }
    await closeAll(directory)
    return { kills, acknowledged: acknowledged.size, ...(await lookAt(directory, acknowledged)) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface Batch {
  readonly ids: readonly string[]
  readonly body: Buffer<ArrayBuffer>
}

function newBatch(): Batch {
  const start = BigInt(Date.now()) * 1_000_000n
  const ids = Array.from({ length: spanCount }, () => randomBytes(8).toString('hex'))
  const spans = ids.map((spanId) => ({
    traceId: randomBytes(16).toString('hex'),
    spanId,
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 20_000_000n),
    attributes: keyValues({ 'http.route': '/cart' }),
  }))
  const resource = { attributes: keyValues({ 'service.name': 'storefront', 'service.version': '1.0.0' }) }
  return { ids, body: protobufOf({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'soak' }, spans }] }] }) }
}

async function serve(directory: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stderr!.on('data', (text) => {
    stderr += text
  })
  const started = once(child, 'message') as Promise<[string]>
  const failed = once(child, 'exit').then(() => Promise.reject(new Error(`the server ended: ${stderr}`)))
  failed.catch(() => {})
  const [url] = await Promise.race([started, failed])
  return { child, url }
}

async function send(url: string, { body }: Batch): Promise<boolean> {
  const headers = { 'content-type': 'application/x-protobuf' }
  const answer = await fetch(`${url}/v1/traces`, { method: 'POST', body, headers }).catch(() => undefined)
  return answer?.status === 200
}

async function closeAll(directory: string): Promise<void> {
  const store = await openStore({ location: directory, watermarkMs: 0 })
  await setTimeout(5_000)
  await store.ingest.closeDue()
  await store.close()
}

async function lookAt(
  directory: string,
  acknowledged: ReadonlySet<string>,
): Promise<Pick<SoakResult, 'lost' | 'counted' | 'late' | 'stored' | 'closedTwice'>> {
  const connection = createChdbConnection({ path: directory }) as unknown as NonNullable<
    NonNullable<Parameters<typeof createClient>[0]>['connection']
  >
  const client = createClient({ connection })
  try {
    const read = async <Row>(query: string): Promise<Row[]> =>
      (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
    const ids = await read<{ id: string }>('SELECT DISTINCT SpanId AS id FROM otel_traces')
    const stored = new Set(ids.map(({ id }) => id))
    const [ticks] = await read<{ counted: number; late: number; closedTwice: number }>(`
      SELECT
        (SELECT sum(Requests) FROM coalmine_ticks
          WHERE FlagKey = '' AND (Service, Tick, Batch) IN (SELECT Service, Tick, Batch FROM coalmine_closed)) AS counted,
        (SELECT sum(Spans) FROM coalmine_late) AS late,
        (SELECT count() FROM (SELECT 1 FROM coalmine_closed GROUP BY Service, Tick HAVING count() > 1)) AS closedTwice`)
    return { lost: [...acknowledged].filter((id) => !stored.has(id)).length, stored: stored.size, ...ticks! }
  } finally {
    await client.close()
  }
}

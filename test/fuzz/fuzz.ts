import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { startServer } from '@coalmine/server'
import { createChdbConnection } from 'chdb/connection'
import { keyValues } from '../otlp.ts'
import { type Input, inputOf, protobufBody, randomOf, soundLogs, soundRequest } from './inputs.ts'

export interface FuzzResult {
  readonly inputs: number
  readonly stored: number
  readonly refused: number
  /** Answers that are neither: any is a defect. */
  readonly others: readonly string[]
  /** Spans and evaluations of flags of sound requests that were sent among the others, and how many of them the store has. */
  readonly soundSent: number
  readonly soundStored: number
  /** Rows that no span and no log record can have made. */
  readonly wrongRows: number
  /** How much more memory the process held at the end than after the first hundredth, in bytes. */
  readonly grownBytes: number
}

const atOnce = 64
const soundEvery = 50

/** Sends inputs to a real server over HTTP, some of them sound, and then looks at every row that came of them. */
export async function fuzz(
  seed: number,
  inputs: number,
  progress: (done: number) => void = () => {},
): Promise<FuzzResult> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-fuzz-'))
  try {
    const server = await startServer({ store: directory, port: 0 })
    const sent = await sendAll(server.url, seed, inputs, progress).finally(server.close)
    return { inputs, ...sent, ...(await rowsOf(directory)) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function sendAll(
  url: string,
  seed: number,
  inputs: number,
  progress: (done: number) => void,
): Promise<Pick<FuzzResult, 'stored' | 'refused' | 'others' | 'soundSent' | 'grownBytes'>> {
  const random = randomOf(seed)
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const now = Date.now()
  let [next, stored, refused, soundSent, early] = [0, 0, 0, 0, 0]
  const others: string[] = []
  const worker = async (): Promise<void> => {
    while (next < inputs) {
      const number = next++
      const sound = number % soundEvery === 0 ? soundOf(random, now) : undefined
      const input = sound?.input ?? inputOf(random, now)
      const status = await send(agent, url, input)
      if (sound) soundSent += sound.rows
      if (status === 200) stored++
      else if (status === 400 && !sound) refused++
      else others.push(`input ${number} of seed ${seed}: ${status}`)
      if (number === Math.floor(inputs / 100)) early = process.memoryUsage.rss()
      if (number % 1000 === 0) progress(number)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  agent.destroy()
  return { stored, refused, others, soundSent, grownBytes: process.memoryUsage.rss() - early }
}

function soundOf(random: () => number, now: number): { readonly input: Input; readonly rows: number } {
  const resource = { attributes: keyValues({ 'service.name': 'sound' }) }
  const type = 'application/x-protobuf'
  if (random() < 0.5) {
    const { resourceSpans } = soundRequest(random, now)
    const body = protobufBody({ resourceSpans: resourceSpans.map((one) => ({ ...one, resource })) })
    return { input: { path: '/v1/traces', type, body }, rows: resourceSpans[0]!.scopeSpans[0]!.spans.length }
  }
  const { resourceLogs } = soundLogs(random, now)
  const body = protobufBody({ resourceLogs: resourceLogs.map((one) => ({ ...one, resource })) })
  const evaluations = resourceLogs[0]!.scopeLogs[0]!.logRecords.filter(
    ({ eventName, attributes = [] }) => eventName !== undefined || attributes.some(({ key }) => key === 'event.name'),
  )
  return { input: { path: '/v1/logs', type, body }, rows: evaluations.length }
}

function send(agent: Agent, url: string, { path, type, body }: Input): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': type, 'content-length': body.length }
    request(url + path, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode!))
    })
      .once('error', (error) => resolve(error.message))
      .end(body)
  })
}

async function rowsOf(directory: string): Promise<Pick<FuzzResult, 'soundStored' | 'wrongRows'>> {
  const connection = createChdbConnection({ path: directory }) as unknown as NonNullable<
    NonNullable<Parameters<typeof createClient>[0]>['connection']
  >
  const client = createClient({ connection })
  try {
    const found = { soundStored: 0, wrongRows: 0 }
    for (const query of [lookAtSpans, lookAtLogs]) {
      const answer = await client.query({ query, format: 'JSONEachRow' })
      const [row] = await answer.json<typeof found>()
      found.soundStored += Number(row!.soundStored)
      found.wrongRows += Number(row!.wrongRows)
    }
    return found
  } finally {
    await client.close()
  }
}

const lookAtSpans = `
  SELECT
    countIf(ServiceName = 'sound') AS soundStored,
    countIf(
      NOT match(TraceId, '^[0-9a-f]{32}$') OR NOT match(SpanId, '^[0-9a-f]{16}$')
      OR NOT match(ParentSpanId, '^([0-9a-f]{16})?$')
      OR SpanKind NOT IN ('Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer')
      OR StatusCode NOT IN ('Unset', 'Ok', 'Error')
      OR Timestamp < now() - INTERVAL 15 DAY OR Timestamp > now() + INTERVAL 2 HOUR
      OR length(Events.Timestamp) != length(Events.Name) OR length(Links.TraceId) != length(Links.SpanId)
      OR ServiceName = 'sound' AND (
        ScopeName != 'fuzz' OR SpanAttributes['http.route'] != '/cart' OR SpanAttributes['list'] != '[1,true]'
        OR length(Events.Name) != 1 OR length(Links.TraceId) != 1 OR length(SpanAttributes) != 7)
    ) AS wrongRows
  FROM otel_traces`

const lookAtLogs = `
  SELECT
    countIf(ServiceName = 'sound') AS soundStored,
    countIf(
      NOT match(TraceId, '^([0-9a-f]{32})?$') OR NOT match(SpanId, '^([0-9a-f]{16})?$')
      OR EventName != 'feature_flag.evaluation'
      OR Timestamp < now() - INTERVAL 15 DAY OR Timestamp > now() + INTERVAL 2 HOUR
      OR ServiceName = 'sound' AND (
        ScopeName != 'fuzz' OR ScopeAttributes['a'] != 'b' OR LogAttributes['feature_flag.key'] != 'fuzzed'
        OR LogAttributes['list'] != '[1,true]' OR SeverityText != 'INFO' OR NOT startsWith(Body, '{"why":"'))
    ) AS wrongRows
  FROM otel_logs`

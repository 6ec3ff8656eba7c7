import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { startServer } from '@coalmine/server'
import { createChdbConnection } from 'chdb/connection'
import { keyValues, type OtlpRequest, protobufOf } from '../otlp.ts'
import { type Input, inputOf, randomOf, soundRequest } from './inputs.ts'

export type FuzzResult = {
  readonly inputs: number
  readonly stored: number
  readonly refused: number
  /** Answers that are neither: any is a defect. */
  readonly others: readonly string[]
  /** Spans of sound requests that were sent among the others, and how many of them the store has. */
  readonly soundSent: number
  readonly soundStored: number
  /** Rows that no span can have made. */
  readonly wrongRows: number
  /** How much more memory the process held at the end than after the first hundredth, in bytes. */
  readonly grownBytes: number
}

const AT_ONCE = 64
const SOUND_EVERY = 50

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
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const now = Date.now()
  let [next, stored, refused, soundSent, early] = [0, 0, 0, 0, 0]
  const others: string[] = []
  const worker = async (): Promise<void> => {
    while (next < inputs) {
      const number = next++
      const sound = number % SOUND_EVERY === 0 ? soundOf(random, now) : undefined
      const input = sound?.input ?? inputOf(random, now)
      const status = await send(agent, url, input)
      if (sound) soundSent += sound.spans
      if (status === 200) stored++
      else if (status === 400 && !sound) refused++
      else others.push(`input ${number} of seed ${seed}: ${status}`)
      if (number === Math.floor(inputs / 100)) early = process.memoryUsage.rss()
      if (number % 1000 === 0) progress(number)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  agent.destroy()
  return { stored, refused, others, soundSent, grownBytes: process.memoryUsage.rss() - early }
}

function soundOf(random: () => number, now: number): { readonly input: Input; readonly spans: number } {
  const made = soundRequest(random, now)
  const request: OtlpRequest = {
    resourceSpans: made.resourceSpans.map((one) => ({
      ...one,
      resource: { attributes: keyValues({ 'service.name': 'sound' }) },
    })),
  }
  const spans = request.resourceSpans[0]!.scopeSpans[0]!.spans.length
  return { input: { type: 'application/x-protobuf', body: protobufOf(request) }, spans }
}

function send(agent: Agent, url: string, { type, body }: Input): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': type, 'content-length': body.length }
    request(`${url}/v1/traces`, { method: 'POST', agent, headers }, (response) => {
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
    const answer = await client.query({ query: look, format: 'JSONEachRow' })
    const [row] = await answer.json<{ soundStored: number; wrongRows: number }>()
    return row!
  } finally {
    await client.close()
  }
}

const look = `
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

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { protobufOf } from '../../../../test/otlp.ts'
import { callExport } from '../../test/grpc-call.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server.ts'

let server: RunningServer
let directory: string
const sockets: Socket[] = []
const sessions: ClientHttp2Session[] = []

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-hostile-'))
  server = await startServer({ store: directory, port: 0, grpcPort: 0, watermarkMs: 0, ...options })
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const session of sessions.splice(0)) session.destroy()
  await server?.close()
  await rm(directory, { recursive: true, force: true })
})

const traceService = 'opentelemetry.proto.collector.trace.v1.TraceService'
const nothing = protobufOf({ resourceSpans: [] })

const send = (headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    body: nothing,
    headers: { 'content-type': 'application/x-protobuf', ...headers },
  })

const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text()

interface Begun {
  readonly socket: Socket
  readonly closed: Promise<unknown>
}

/** Begins a request over a connection of its own, and does not end it. */
function beginHttp(path: string, headers: readonly string[] = []): Promise<Begun> {
  const head = [`POST ${path} HTTP/1.1`, `Host: ${new URL(server.url).host}`, 'Transfer-Encoding: chunked', ...headers]
  return beginWith(`${head.join('\r\n')}\r\n\r\n1\r\n{\r\n`)
}

async function beginWith(text: string): Promise<Begun> {
  const { hostname, port } = new URL(server.url)
  const socket = connectSocket(Number(port), hostname)
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.resume()
  socket.write(text)
  return { socket, closed: once(socket, 'close') }
}

/** Begins a call of gRPC whose message says it has so many bytes, and does not end it. */
async function beginGrpc(
  headers: Readonly<Record<string, string>> = {},
  sent: Buffer = Buffer.from([0, 0, 200, 0, 0, 1]),
): Promise<{ stream: ClientHttp2Stream; status: Promise<unknown> }> {
  const session = connect(server.grpcUrl!)
  sessions.push(session)
  session.on('error', () => {})
  await once(session, 'connect')
  const path = { ':method': 'POST', ':path': `/${traceService}/Export`, 'content-type': 'application/grpc' }
  const stream = session.request({ ...path, te: 'trailers', ...headers })
  stream.on('error', () => {})
  const answered = once(stream, 'response').then(([response]) => response['grpc-status'])
  answered.catch(() => {})
  stream.write(sent)
  return { stream, status: answered }
}

describe('before the token was given', () => {
  it('a connection of gRPC over which nobody calls who may is closed, and the others are not', async () => {
    await start({ token: 'secret', limits: { connections: 4, patienceMs: 100 } })
    const silent = Array.from({ length: 2 }, () => {
      const socket = connectSocket(Number(new URL(server.grpcUrl!).port), '127.0.0.1').resume()
      sockets.push(socket)
      return once(socket, 'close')
    })
    const stranger = connect(server.grpcUrl!)
    const known = connect(server.grpcUrl!)
    sessions.push(stranger, known)
    const path = { ':method': 'POST', ':path': `/${traceService}/Export`, 'content-type': 'application/grpc' }
    const call = async (session: ClientHttp2Session, authorization: string): Promise<unknown> => {
      const stream = session.request({ ...path, authorization })
      stream.end(Buffer.alloc(5))
      stream.resume()
      const [[response]] = await Promise.all([once(stream, 'response'), once(stream, 'close')])
      return response['grpc-status']
    }
    expect(await call(known, 'Bearer secret')).toBeUndefined()
    const closed = once(stranger, 'close')
    expect(await call(stranger, 'Bearer another')).toBe('16')
    await Promise.all([...silent, closed])
    expect(await call(known, 'Bearer secret')).toBeUndefined()
    expect(await callExport(server.grpcUrl!, traceService, nothing, { authorization: 'Bearer secret' })).toHaveLength(0)
  })

  it('no message of gRPC is waited for, read or unpacked', async () => {
    await start({ token: 'secret' })
    const unfinished = await beginGrpc()
    expect(await unfinished.status).toBe(String(status.UNAUTHENTICATED))
    const bomb = gzipSync(Buffer.alloc(15_000_000))
    const prefix = Buffer.alloc(5)
    prefix[0] = 1
    prefix.writeUInt32BE(bomb.length, 1)
    const packed = await beginGrpc({ 'grpc-encoding': 'gzip' }, Buffer.concat([prefix, bomb]))
    expect(await packed.status).toBe(String(status.UNAUTHENTICATED))
    const text = await (await fetch(`${server.url}/metrics`, { headers: { authorization: 'Bearer secret' } })).text()
    expect(text).toContain('\ncoalmine_ingest_held_bytes 0\n')
    expect(text).toContain('coalmine_limits_total{protocol="grpc",limit="token"} 2')
  })
})

it('calls that are refused while their messages come leave the connection to others', async () => {
  await start({ token: 'secret' })
  const session = connect(server.grpcUrl!)
  sessions.push(session)
  session.on('error', () => {})
  const message = Buffer.alloc(300_000)
  message.writeUInt32BE(message.length - 5, 1)
  const call = async (authorization: string): Promise<unknown> => {
    const path = { ':method': 'POST', ':path': `/${traceService}/Export`, 'content-type': 'application/grpc' }
    const stream = session.request({ ...path, te: 'trailers', authorization })
    const trailers = once(stream, 'trailers').catch(() => [])
    const answered = once(stream, 'response').then(([headers]) => headers['grpc-status'])
    stream.resume()
    stream.end(message)
    const status = await answered
    await once(stream, 'close')
    return status ?? (await trailers)[0]?.['grpc-status']
  }
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 16 }, () => call('Bearer wrong')))
    expect(new Set(answers)).toEqual(new Set([String(status.UNAUTHENTICATED)]))
  }
  // It is read, and is no request.
  expect(await call('Bearer secret')).toBe(String(status.INVALID_ARGUMENT))
})

describe('a sender that is slow', () => {
  it('keeps nobody else out, and is given up', async () => {
    await start({ limits: { patienceMs: 300 } })
    const slow = await Promise.all([
      ...Array.from({ length: 8 }, () => beginHttp('/v1/traces', ['Content-Type: application/json'])),
      beginHttp('/v1/traces', ['Content-Type: application/json', 'Authorization: Bearer wrong']),
      beginWith('POST /v1/traces HTTP/1.1\r\nHost: x'),
    ])
    const calls = await Promise.all(Array.from({ length: 8 }, () => beginGrpc()))
    expect((await send()).status).toBe(200)
    await Promise.all(slow.map(({ closed }) => closed))
    expect(await Promise.all(calls.map((call) => call.status))).toEqual(Array(8).fill(String(status.DEADLINE_EXCEEDED)))
    const text = await metrics()
    expect(text).toContain('coalmine_limits_total{protocol="http",limit="slow"} 10')
    expect(text).toContain('coalmine_limits_total{protocol="grpc",limit="slow"} 8')
    expect(text).toContain('\ncoalmine_ingest_held_bytes 0\n')
  })

  it('that was refused need not end its request for the connection to end', async () => {
    await start({ token: 'secret', limits: { patienceMs: 300 } })
    const { socket, closed } = await beginHttp('/api/import')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /)
    await closed
  })
})

describe('memory', () => {
  it('is bounded over all requests and both protocols, as they come and unpacked', async () => {
    await start({ limits: { underWayBytes: 3_000_000, requestBytes: 2_000_000 } })
    const bomb = gzipSync(Buffer.alloc(1_900_000))
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        fetch(`${server.url}/v1/traces`, {
          method: 'POST',
          body: bomb,
          headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        }),
      ),
    )
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200, 429]))
    expect(await metrics()).toMatch(/coalmine_limits_total\{protocol="http",limit="memory"\} \d/)
    const large = gzipSync(Buffer.alloc(2_100_000))
    const prefix = Buffer.alloc(5)
    prefix[0] = 1
    prefix.writeUInt32BE(large.length, 1)
    const call = await beginGrpc({ 'grpc-encoding': 'gzip' }, Buffer.concat([prefix, large]))
    call.stream.end()
    expect(await call.status).toBe(String(status.RESOURCE_EXHAUSTED))
    expect((await send()).status).toBe(200)
  })
})

describe('closing', () => {
  it('waits for requests that are under way, and not for ever', async () => {
    await start({ token: 'secret', drainMs: 300 })
    const authorized = 'Authorization: Bearer secret'
    await Promise.all([
      beginHttp('/v1/traces', ['Content-Type: application/json', authorized]),
      beginHttp('/v1/traces', ['Content-Type: application/json', 'Authorization: Bearer wrong']),
      beginHttp('/api/import', [authorized]),
      beginHttp('/api/compare', ['Content-Type: application/json', authorized]),
      beginGrpc({ authorization: 'Bearer secret' }),
    ])
    const started = performance.now()
    await server.close()
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('answers a request that ends in time', async () => {
    await start({ drainMs: 20_000 })
    const { socket } = await beginHttp('/v1/traces', ['Content-Type: application/json'])
    const answered = once(socket, 'data') as Promise<[Buffer]>
    const closing = server.close()
    socket.write('1\r\n}\r\n0\r\n\r\n')
    const [answer] = await answered
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /)
    await closing
  })
})

it('what is no call of gRPC is told so', async () => {
  await start()
  expect(await callExport(server.grpcUrl!, 'some.other.Service', nothing)).toMatchObject({ code: status.UNIMPLEMENTED })
  const twice = await beginGrpc({}, Buffer.alloc(10))
  twice.stream.end()
  expect(await twice.status).toBe(String(status.INVALID_ARGUMENT))
  const late = await beginGrpc({ 'grpc-timeout': '50m' })
  expect(await late.status).toBe(String(status.DEADLINE_EXCEEDED))
})

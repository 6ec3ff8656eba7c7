// A thread of its own: it sends what the main thread, which waits for it, can no longer send.
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import type { Route } from './route.ts'
import { answer } from './wait.ts'

/** A request of OTLP, and where it goes. */
export interface Parcel {
  readonly route: Route
  readonly body: Uint8Array
}

const { parcels, waiting } = workerData as { parcels: readonly Parcel[]; waiting: SharedArrayBuffer }
Promise.all(parcels.map(({ route, body }) => (route.isGrpc ? sendGrpc(route, body) : sendHttp(route, body)))).then(
  () => answer(waiting),
  (error: unknown) => answer(waiting, reasonOf(error)),
)

function sendHttp({ url, headers, isCompressed, tls }: Route, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http
    const encoding = isCompressed ? { 'content-encoding': 'gzip' } : {}
    const sending = request(url, { ...tls, method: 'POST', headers: { ...headers, ...encoding } }, (response) => {
      const { statusCode = 0 } = response.resume()
      response.once('error', reject).once('end', () => {
        if (statusCode < 300) resolve()
        else reject(new Error(`${url} answers ${statusCode}`))
      })
    })
    sending.once('error', reject).end(isCompressed ? gzipSync(body) : body)
  })
}

function sendGrpc({ url, headers, isCompressed, tls }: Route, body: Uint8Array): Promise<void> {
  const { origin, pathname } = new URL(url)
  const message = isCompressed ? gzipSync(body) : body
  // https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html: whether it is compressed, how long it is.
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt8(isCompressed ? 1 : 0, 0)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, 5)
  return new Promise((resolve, reject) => {
    const session = http2.connect(origin, tls).once('error', reject)
    const encoding = isCompressed ? { 'grpc-encoding': 'gzip' } : {}
    const stream = session.request({ ...headers, ...encoding, ':method': 'POST', ':path': pathname, te: 'trailers' })
    const onStatus = (answered: http2.IncomingHttpHeaders): void => {
      const status = answered['grpc-status']
      if (status === '0') resolve()
      else if (status !== undefined) reject(new Error(`${origin} answers ${answered['grpc-message'] ?? status}`))
    }
    stream.on('response', onStatus).on('trailers', onStatus).on('error', reject)
    stream.on('close', () => {
      session.close()
      reject(new Error(`${origin} gave no answer`))
    })
    stream.resume().end(frame)
  })
}

function reasonOf(error: unknown): string {
  // Of several addresses that were tried, the first says enough.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  return first instanceof Error ? first.message : String(first)
}

import type { Socket } from 'node:net'
import type { ErrorBody } from './errors.ts'

const reasons: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'the headers are larger than 16 KB; send fewer, or shorter ones',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time'],
}
const malformed = ['400 Bad Request', 'this is not a request of HTTP/1.1'] as const

/** Answers what could not be read as a request, and closes its connection. */
export function answerBrokenRequest({ code }: Error & { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] = reasons[code ?? ''] ?? malformed
  const body = JSON.stringify({ error: { kind: 'malformed', message } } satisfies ErrorBody)
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

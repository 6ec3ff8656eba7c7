import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request that a target was sent. */
export interface TargetRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown>
}

/** What a target answers; `hang` never does, and `cut` leaves its answer unfinished. */
export type TargetReply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | 'hang'
  | 'cut'

/** A real HTTP server that stands for a provider: it keeps what it is asked, and answers as it is told to. */
export interface TargetServer {
  readonly url: string
  readonly asked: TargetRequest[]
  readonly close: () => Promise<void>
}

/** Starts one. `answer` is what the provider documents. */
export async function targetServer(answer: (request: TargetRequest) => TargetReply): Promise<TargetServer> {
  const asked: TargetRequest[] = []
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request
      const one = { method, path: url, headers, text: body, json: jsonOf(body) }
      asked.push(one)
      const reply = answer(one)
      if (reply === 'hang') return
      if (reply === 'cut') {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{', () => response.destroy())
        return
      }
      response.writeHead(reply.status, reply.headers)
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function jsonOf(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body)
  } catch {
    return {}
  }
}

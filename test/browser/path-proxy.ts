import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy that keeps a server under a path. */
export interface PathProxy {
  /** The address of the path, with a slash at its end. */
  readonly url: string
  /** Where requests go from now on. */
  readonly leadTo: (url: string) => void
  readonly close: () => void
}

/**
 * Starts a proxy that takes a path off, as most do, and holds server-sent events back until they are over, as some do.
 *
 * @example const proxy = await startPathProxy('/tools/coalmine/')
 */
export async function startPathProxy(path: string): Promise<PathProxy> {
  let target = ''
  const server: Server = createServer((incoming, outgoing) => {
    const { url = '/', method, headers } = incoming
    if (!url.startsWith(path)) {
      outgoing.writeHead(404).end(`nothing is at ${url}`)
      return
    }
    const asked = request(target + url.slice(path.length - 1), { method, headers }, (answer) => {
      const isHeld = answer.headers['content-type'] === 'text/event-stream'
      if (!isHeld) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
        return
      }
      const held: Buffer[] = []
      answer.on('data', (part: Buffer) => held.push(part))
      answer.on('end', () => outgoing.writeHead(200, answer.headers).end(Buffer.concat(held)))
    })
    asked.on('error', () => outgoing.headersSent || outgoing.writeHead(502).end())
    outgoing.on('close', () => asked.destroy())
    incoming.pipe(asked)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    leadTo: (url) => {
      target = url
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

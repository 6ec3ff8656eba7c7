import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A proxy that sends a share of its requests to the canary. */
export interface Proxy {
  readonly port: number
  /** What it was told of the canary, in order, and when. */
  readonly told: readonly { readonly percent: number; readonly atMs: number }[]
  readonly close: () => void
}

/** A small proxy, for where there is no HAProxy. `POST /canary` says how much of the traffic the canary has, and GET tells it. */
export async function startProxy(stable: readonly number[], canary: readonly number[]): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true })
  const told: { percent: number; atMs: number }[] = []
  let percent = 0
  let [asked, toStable, toCanary] = [0, 0, 0]

  /** Spread evenly: of each hundred requests so many go to the canary. */
  const next = (): number => {
    asked += 1
    const isCanary = Math.floor((asked * percent) / 100) > Math.floor(((asked - 1) * percent) / 100)
    return isCanary ? canary[toCanary++ % canary.length]! : stable[toStable++ % stable.length]!
  }

  const server = createServer(async (incoming, outgoing) => {
    if (incoming.url === '/canary') {
      if (incoming.method === 'POST') {
        percent = ((await json(incoming)) as { percent: number }).percent
        told.push({ percent, atMs: Date.now() })
      }
      outgoing.end(JSON.stringify({ percent }))
      return
    }
    const { method, url, headers } = incoming
    const onward = request({ agent, host: '127.0.0.1', port: next(), method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    told,
    close: () => {
      agent.destroy()
      server.close().closeAllConnections()
    },
  }
}

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** What a HAProxy was sent on its socket, and what it said. */
type Exchange = readonly [sent: string, said: string]

const recorded = join(import.meta.dirname, 'haproxy.recorded.json')

/** A HAProxy, or one that says what a real one said. */
export interface Haproxy {
  readonly socket: string
  readonly close: () => Promise<void>
}

/** Whether there is a real one here. */
export function hasHaproxy(): boolean {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Says what a real one said when it was recorded, as long as it is sent the same. */
export async function startRecorded(folder: string): Promise<Haproxy> {
  const exchanges = JSON.parse(readFileSync(recorded, 'utf8')) as Exchange[]
  const server = createServer({ allowHalfOpen: true }, async (connection) => {
    let line = ''
    for await (const bytes of connection) line += bytes
    const [sent, said = ''] = exchanges.shift() ?? []
    connection.end(sent === line ? said : `this was recorded: ${sent}`)
  })
  return listening(server, join(folder, 'recorded.sock'))
}

/** A real one, with two servers of stable and two of the canary in its backend `shop`. With `COALMINE_RECORD` it is recorded. */
export async function startHaproxy(folder: string): Promise<Haproxy> {
  const own = join(folder, 'haproxy.sock')
  const config = join(folder, 'haproxy.cfg')
  writeFileSync(
    config,
    `global
  stats socket ${own} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
backend shop
  server stable1 127.0.0.1:1
  server stable2 127.0.0.1:1
  server canary1 127.0.0.1:1 weight 0
  server canary2 127.0.0.1:1 weight 0
`,
  )
  const child = spawn('haproxy', ['-f', config], { stdio: 'ignore' })
  while (!existsSync(own)) await new Promise((resolve) => setTimeout(resolve, 20))
  const exchanges: Exchange[] = []
  const server = createServer({ allowHalfOpen: true }, async (connection) => {
    let sent = ''
    for await (const bytes of connection) sent += bytes
    const real = connect(own)
    real.end(sent)
    let said = ''
    for await (const bytes of real) said += bytes
    exchanges.push([sent, said])
    connection.end(said)
  })
  const between = await listening(server, join(folder, 'real.sock'))
  return {
    socket: between.socket,
    close: async () => {
      await between.close()
      child.kill()
      if (process.env['COALMINE_RECORD']) writeFileSync(recorded, `${JSON.stringify(exchanges, null, 2)}\n`)
    },
  }
}

async function listening(server: Server, socket: string): Promise<Haproxy> {
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return { socket, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

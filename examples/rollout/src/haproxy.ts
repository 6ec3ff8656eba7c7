import { execFileSync, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './ports.ts'

/** A HAProxy in front of the shop. */
export interface Haproxy {
  readonly port: number
  readonly socket: string
  readonly close: () => void
}

/** Whether there is one on this machine. */
export function hasHaproxy(): boolean {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Starts one, with no traffic for the canary. */
export async function startHaproxy(
  folder: string,
  stable: readonly number[],
  canary: readonly number[],
): Promise<Haproxy> {
  const port = await freePort()
  const socket = join(folder, 'haproxy.sock')
  const servers = [
    ...stable.map((one, at) => `  server stable${at + 1} 127.0.0.1:${one}`),
    ...canary.map((one, at) => `  server canary${at + 1} 127.0.0.1:${one} weight 0`),
  ]
  const config = `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend users
  bind 127.0.0.1:${port}
  default_backend shop
backend shop
  balance roundrobin
${servers.join('\n')}
`
  const path = join(folder, 'haproxy.cfg')
  writeFileSync(path, config)
  const child = spawn('haproxy', ['-f', path], { stdio: 'ignore' })
  while (!existsSync(socket)) await sleep(20)
  return { port, socket, close: () => void child.kill() }
}

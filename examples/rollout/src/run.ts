import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHaproxy } from './haproxy.ts'
import { freePort } from './ports.ts'
import { type Instance, runCoalmine, startCoalmine, startShop } from './processes.ts'
import { startProxy } from './proxy.ts'
import { startUsers } from './users.ts'

/** How it is run. */
export interface RunOptions {
  /** Which proxy the shop is behind. */
  readonly proxy: 'own' | 'haproxy'
  /** Kills the server in the middle of the second rollout, and starts it again. */
  readonly kills: boolean
  /** How often they ask for their cart, all together: 150 times a second where nothing is said. */
  readonly usersPerSecond?: number
  readonly say: (line: string) => void
}

/** What came of it. */
export interface Ran {
  /** What `coalmine rollout history` says of each. */
  readonly bad: string
  readonly good: string
  /** What the shop's own proxy was told of the canary; empty with HAProxy. */
  readonly told: readonly number[]
  /** From the FAIL to the call that took the canary back, in milliseconds; null with HAProxy. */
  readonly backMs: number | null
}

/** A shop of two stable instances and a canary, with users: a bad build is rolled back, and a good one is given to everybody. */
export async function run({ proxy: kind, kills, usersPerSecond = 150, say }: RunOptions): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'coalmine-rollout-'))
  const closers: (() => void)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const close = (): void => {
    for (const one of closers.splice(0).reverse()) one()
  }
  // Also where it is interrupted.
  process.once('exit', close)
  const kept = (child: ChildProcess): ChildProcess => {
    closers.push(() => void child.kill('SIGKILL'))
    return child
  }
  try {
    const [a, b, c, port] = [await freePort(), await freePort(), await freePort(), await freePort()]
    const [own, haproxy] =
      kind === 'own' ? [await startProxy([a, b], [c]), undefined] : [undefined, await startHaproxy(folder, [a, b], [c])]
    const proxy = (own ?? haproxy)!
    closers.push(proxy.close)

    const url = `http://127.0.0.1:${port}`
    const config = join(import.meta.dirname, '..', own ? 'coalmine.yaml' : 'with-haproxy.yaml')
    const args = ['--store', join(folder, 'store'), '--config', config, '--port', String(port)]
    const env = { PROXY_PORT: String(proxy.port), HAPROXY_SOCKET: haproxy?.socket ?? '' }
    let server = kept(await startCoalmine(args, env))
    const shop = async (one: Instance): Promise<ChildProcess> => kept(await startShop(one, url))
    await shop({ version: '1.0.0', name: 'a', port: a })
    await shop({ version: '1.0.0', name: 'b', port: b })

    say('The canary is 1.1.0, which fails one request in four.')
    const canary = await shop({ version: '1.1.0', name: 'c', port: c, isBad: true })
    closers.push(startUsers(proxy.port, usersPerSecond))
    const bad = await rolledOut('1.1.0', url, say)
    canary.kill('SIGKILL')

    say('The canary is 1.2.0, which is as good as stable.')
    await shop({ version: '1.2.0', name: 'c', port: c })
    const rollout = rolledOut('1.2.0', url, say)
    if (kills) {
      await isAtStage(url, 1)
      say('The server is killed, and started again.')
      server.kill('SIGKILL')
      server = kept(await startCoalmine(args, env))
    }
    const good = await rollout
    const back = own?.told.find(({ percent }) => percent === 0)
    return {
      bad,
      good,
      told: own?.told.map(({ percent }) => percent) ?? [],
      backMs: back ? back.atMs - (await failedMs(url)) : null,
    }
  } finally {
    process.off('exit', close)
    close()
  }
}

/** Rolls a build out, as one would by hand, and gives what happened. */
async function rolledOut(version: string, url: string, say: (line: string) => void): Promise<string> {
  const canary = `service.version=${version}`
  say(`$ coalmine rollout start --canary ${canary} --wait`)
  say(await runCoalmine(['rollout', 'start', '--server', url, '--canary', canary, '--wait']))
  say('$ coalmine rollout history')
  const history = await runCoalmine(['rollout', 'history', '--server', url])
  say(history)
  return history
}

interface Rollout {
  readonly stage: number
  readonly comparison: string | null
}

async function isAtStage(url: string, stage: number): Promise<void> {
  for (;;) {
    const { rollouts } = (await asked(`${url}/api/rollouts`)) as { rollouts: readonly Rollout[] }
    if (rollouts.length === 2 && rollouts[0]!.stage === stage && rollouts[0]!.comparison !== null) return
    await sleep(100)
  }
}

/** When the comparison of the first rollout said FAIL, in milliseconds since 1970. */
async function failedMs(url: string): Promise<number> {
  const { rollouts } = (await asked(`${url}/api/rollouts`)) as { rollouts: readonly Rollout[] }
  const { events } = (await asked(`${url}/api/comparisons/${rollouts.at(-1)!.comparison}/events`)) as {
    events: readonly { at: string; event: string; outcome?: string }[]
  }
  return Date.parse(events.find(({ outcome }) => outcome === 'fail')!.at)
}

const asked = async (url: string): Promise<unknown> =>
  (await fetch(url, { headers: { accept: 'application/json' } })).json()

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { amountText, type HaproxyActuator } from '@coalmine/comparator'
import { afterAll, describe, expect, it } from 'vitest'
import { type Haproxy, hasHaproxy, startHaproxy, startRecorded } from '../../test/haproxy.ts'
import { type Actuator, ActuatorError } from './actuator.ts'
import { haproxyActuator, weightsOf } from './haproxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-haproxy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const context = { rollout: 'r1', service: 'shop', stable: 'a=1', canary: 'a=2', stage: 1 }
const share = (percent: number) => ({ hosts: null, percent, flag: null })
const hosts = (hosts: number) => ({ hosts, percent: null, flag: null })
const go = new AbortController().signal

const kinds: [string, (folder: string) => Promise<Haproxy>][] = [['recorded', startRecorded]]
if (hasHaproxy()) kinds.push(['real', startHaproxy])

describe.each(kinds)('a HAProxy that is %s', (_, start) => {
  it('is given the weights of a share, or of hosts, and tells them', async () => {
    const haproxy = await start(folder)
    const plan: HaproxyActuator = {
      kind: 'haproxy',
      socket: '$HAPROXY_SOCKET',
      backend: 'shop',
      stable: ['stable1', 'stable2'],
      canary: ['canary1', 'canary2'],
      timeoutMs: 5_000,
    }
    const actuator: Actuator = haproxyActuator(plan, { HAPROXY_SOCKET: haproxy.socket })
    const found: string[] = []
    for (const amount of [hosts(1), share(10), share(100), share(0)]) {
      const said = await actuator.move(amount, context, go)
      const reading = await actuator.read(amount, context, go)
      found.push(`${amountText(amount)}: ${said}: ${reading!.text}, ${reading!.matches}`)
    }
    expect(found).toEqual([
      '1 host: stable1 100, stable2 100, canary1 100, canary2 0: 1 of 2 canary servers, 33.3%, true',
      '10%: stable1 9, stable2 9, canary1 1, canary2 1: 2 of 2 canary servers, 10%, true',
      '100%: stable1 0, stable2 0, canary1 100, canary2 100: 2 of 2 canary servers, 100%, true',
      '0%: stable1 100, stable2 100, canary1 0, canary2 0: 0 of 2 canary servers, 0%, true',
    ])
    expect((await actuator.read(share(50), context, go))!.matches).toBe(false)
    // One server that is not there does not keep the canary in.
    const other = haproxyActuator({ ...plan, stable: ['stable1', 'gone'], socket: haproxy.socket }, {})
    await actuator.move(share(50), context, go)
    await expect(other.move(share(0), context, go)).rejects.toThrow('HAProxy says of server shop/gone: No such server.')
    expect(await actuator.read(share(0), context, go)).toMatchObject({ matches: true })
    await expect(
      haproxyActuator({ ...plan, backend: 'nope', socket: haproxy.socket }, {}).read(share(0), context, go),
    ).rejects.toThrow("HAProxy says of backend nope: Can't find backend.")
    await haproxy.close()
  })
})

it('that is not there is said so', async () => {
  const plan = { kind: 'haproxy', backend: 'shop', stable: ['a'], canary: ['b'], timeoutMs: 5_000 } as const
  const gone = haproxyActuator({ ...plan, socket: join(folder, 'no.sock') }, {})
  const refused = await gone.move(share(10), context, go).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(ActuatorError)
  expect((refused as Error).message).toMatch(/^the socket of HAProxy, .*no\.sock: ENOENT$/)
})

it.each([
  [0.5, 3, 1],
  [1, 20, 1],
  [10, 2, 2],
  [12.5, 3, 2],
  [33, 1, 5],
  [99, 4, 1],
])(
  'has whole weights that come within a fiftieth of %d percent with %d and %d servers',
  (percent, stables, canaries) => {
    const names = (of: string, count: number) => Array.from({ length: count }, (_, at) => `${of}${at}`)
    const weights = weightsOf(share(percent), names('s', stables), names('c', canaries))
    const sum = (of: string) =>
      [...weights].filter(([name]) => name.startsWith(of)).reduce((all, [, one]) => all + one, 0)
    expect(Math.abs((100 * sum('c')) / (sum('c') + sum('s')) - percent)).toBeLessThanOrEqual(
      Math.max(0.05, percent / 50),
    )
    expect(Math.max(...weights.values())).toBeLessThanOrEqual(256)
  },
)

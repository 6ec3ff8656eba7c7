import { connect } from 'node:net'
import type { Amount, HaproxyActuator } from '@coalmine/comparator'
import { type Actuator, ActuatorError, isAbout } from './actuator.ts'
import { type Environment, filled } from './environment.ts'

const mostWeight = 256
// A reload gives servers the weights of the configuration, 1 where there are none, and so does this where both have the same.
const evenWeight = 100

/** Sets the weights of a backend's servers through the socket of a running HAProxy. */
export function haproxyActuator(planned: HaproxyActuator, env: Environment): Actuator {
  const { backend, stable, canary } = planned
  const filledIn = (): HaproxyActuator => ({ ...planned, socket: filled(planned.socket, env) })
  return {
    move: async (amount, _context, signal) => {
      const plan = filledIn()
      const wanted = weightsOf(amount, stable, canary)
      // Highest weights first, so that some server is always serving.
      const ordered = [...wanted].sort(([, a], [, b]) => b - a)
      const trouble: string[] = []
      for (const [server, weight] of ordered) {
        trouble.push(await said(plan, `${backend}/${server}`, `weight ${weight}`, signal))
        // A drained canary serves nobody, whatever its weight; stable servers may be in maintenance for good reason.
        if (weight > 0 && canary.includes(server))
          trouble.push(await said(plan, `${backend}/${server}`, 'state ready', signal))
      }
      // A missing server does not keep the others from being changed.
      const first = trouble.find((one) => one !== '')
      if (first !== undefined) throw new ActuatorError(first)
      return [...wanted].map(([server, weight]) => `${server} ${weight}`).join(', ')
    },
    read: async (amount, _context, signal) => {
      const found = await weightsNow(filledIn(), signal)
      const missing = [...stable, ...canary].find((server) => !found.has(server))
      if (missing !== undefined) throw new ActuatorError(`HAProxy has no server ${backend}/${missing}`)
      const sum = (servers: readonly string[]): number => servers.reduce((all, server) => all + found.get(server)!, 0)
      const [ofCanary, ofStable] = [sum(canary), sum(stable)]
      const hosts = canary.filter((server) => found.get(server)! > 0).length
      const share = ofCanary + ofStable === 0 ? 0 : (100 * ofCanary) / (ofCanary + ofStable)
      const matches = amount.hosts === null ? isAbout(share, amount.percent!) : hosts === amount.hosts
      return { matches, text: `${hosts} of ${canary.length} canary servers, ${Math.round(share * 10) / 10}%` }
    },
  }
}

/** The weight of each server for the given amount of the canary. */
export function weightsOf(
  { hosts, percent }: Amount,
  stable: readonly string[],
  canary: readonly string[],
): ReadonlyMap<string, number> {
  const all = (servers: readonly string[], weight: number): [string, number][] => servers.map((one) => [one, weight])
  if (hosts !== null)
    return new Map([
      ...all(stable, evenWeight),
      ...all(canary.slice(0, hosts), evenWeight),
      ...all(canary.slice(hosts), 0),
    ])
  const [ofStable, ofCanary] = nearestWeights(percent! / 100, stable.length, canary.length)
  return new Map([...all(stable, ofStable), ...all(canary, ofCanary)])
}

/** The weights up to 256 that come nearest to a share, given the number of servers on each side. */
function nearestWeights(share: number, stables: number, canaries: number): readonly [stable: number, canary: number] {
  if (share <= 0) return [evenWeight, 0]
  if (share >= 1) return [0, evenWeight]
  let best: readonly [number, number] = [1, 1]
  let distance = Number.POSITIVE_INFINITY
  for (let canary = 1; canary <= mostWeight; canary += 1) {
    const stable = Math.min(mostWeight, Math.max(1, Math.round((canary * canaries * (1 - share)) / (share * stables))))
    const got = (canary * canaries) / (canary * canaries + stable * stables)
    if (Math.abs(got - share) < distance - 1e-12) {
      distance = Math.abs(got - share)
      best = [stable, canary]
    }
  }
  return best
}

/** HAProxy's objection to a change; empty if it accepted the change. */
async function said(plan: HaproxyActuator, server: string, change: string, signal: AbortSignal): Promise<string> {
  const answer = await tell(plan, `set server ${server} ${change}`, signal)
  return answer === '' ? '' : `HAProxy says of server ${server}: ${answer}`
}

const drainedOrOut = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20

/** The weight of each server of the backend; 0 for a canary that is drained or in maintenance. */
async function weightsNow(plan: HaproxyActuator, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const said = await tell(plan, `show servers state ${plan.backend}`, signal)
  const lines = said.split('\n')
  const header = lines.find((line) => line.startsWith('#'))
  if (!header) throw new ActuatorError(`HAProxy says of backend ${plan.backend}: ${said.slice(0, 200)}`)
  const columns = header.slice(1).trim().split(' ')
  const [name, weight, admin] = ['srv_name', 'srv_uweight', 'srv_admin_state'].map((column) => columns.indexOf(column))
  return new Map(
    lines
      .slice(lines.indexOf(header) + 1)
      .map((line) => line.split(' '))
      .filter((fields) => fields.length > weight!)
      .map((fields) => {
        const isOut = plan.canary.includes(fields[name!]!) && (Number(fields[admin!]) & drainedOrOut) > 0
        return [fields[name!]!, isOut ? 0 : Number(fields[weight!])]
      }),
  )
}

/** Sends one line and returns the answer. */
async function tell({ socket, timeoutMs }: HaproxyActuator, line: string, signal: AbortSignal): Promise<string> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const tcp = /^([^/]+):(\d+)$/.exec(socket)
  const connection = tcp ? connect(Number(tcp[2]), tcp[1]!) : connect(socket)
  const end = (): void => void connection.destroy(new Error('interrupted'))
  stop.addEventListener('abort', end)
  try {
    if (stop.aborted) end()
    connection.end(`${line}\n`)
    let said = ''
    for await (const bytes of connection) said += bytes
    return said.trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const late = `it took longer than ${timeoutMs / 1000} s`
    throw new ActuatorError(
      `the socket of HAProxy, ${socket}: ${signal.aborted ? 'interrupted' : stop.aborted ? late : (code ?? message)}`,
    )
  } finally {
    stop.removeEventListener('abort', end)
  }
}

import { noSuchService, type Policy, type PolicyInput, parsePolicy, problemsText, tickMs } from '@coalmine/comparator'
import { type Comparison, formatSelector, type OperationTicks, parseSelector, type Store } from '@coalmine/store'
import { moment, selector, text } from '../compare/request.ts'
import { operationsOf } from '../compare/window.ts'
import { ServerError } from '../errors.ts'

/** Whose traffic a plan or a calibration is about. */
interface StableRequest {
  readonly service: string
  readonly stable: string
  readonly start: number | undefined
  readonly end: number | undefined
  readonly policy: Policy
}

/** What stable did in a window, tick by tick. */
export interface StableTraffic {
  readonly comparison: Comparison
  readonly operations: readonly OperationTicks[]
  /** The window, milliseconds since 1970, whole ticks. */
  readonly startMs: number
  readonly endMs: number
  readonly instances: readonly string[]
}

/** Without a window, the two hours before stable's last request: as much as is quick to read, and like the traffic of now. */
const latestMs = 2 * 3_600_000

/** The parts of a request that plans and calibrations share. */
export function stableRequest({ service, stable, start, end, policy }: Record<string, unknown>): StableRequest {
  const parsed = parsePolicy(policy as PolicyInput | undefined)
  if (parsed.kind === 'problems') throw new ServerError('usage', problemsText(parsed.problems))
  return {
    service: text(service, 'service'),
    stable: selector(stable, 'stable'),
    start: moment(start, 'start'),
    end: moment(end, 'end'),
    policy: parsed.policy,
  }
}

/**
 * Reads stable's traffic from closed ticks, where these know the selector, else from raw spans.
 *
 * Throws a ServerError of kind `no-data` when stable served nothing in the window.
 */
export async function stableTraffic(
  store: Store,
  { service, stable, start, end }: StableRequest,
): Promise<StableTraffic> {
  const all = { service, stable, canary: nobody(stable), start, end }
  const { firstMs, lastMs } = (await store.cohorts.facts(all)).stable
  if (firstMs === undefined || lastMs === undefined) throw await noTraffic(store, all)
  const from = start ?? Math.max(firstMs, lastMs - latestMs)
  const startMs = Math.floor(Math.max(from, firstMs) / tickMs) * tickMs
  const comparison = { ...all, start: startMs }
  const operations = await operationsOf(store, comparison)
  const { instances } = (await store.cohorts.facts(comparison)).stable
  return { comparison, operations, startMs, endMs: (Math.floor(lastMs / tickMs) + 1) * tickMs, instances }
}

/** A selector of the same keys that chooses nothing: reading is always of two cohorts. */
function nobody(stable: string): string {
  const conditions = parseSelector(stable)
  const none = '(no canary)'
  const first = conditions.findIndex(({ negated }) => negated !== true)
  const changed = conditions.map((condition, at) => (at === first ? { ...condition, value: none } : condition))
  return formatSelector(first >= 0 ? changed : [...changed, { from: 'span', key: 'coalmine.none', value: none }])
}

async function noTraffic(store: Store, { service, stable }: Comparison): Promise<ServerError> {
  const { services, values } = await store.services.known(service)
  if (!services.includes(service)) return new ServerError('no-data', noSuchService(service, services))
  const seen = values.length > 0 ? `; it has ${values.join(', ')}` : ''
  return new ServerError('no-data', `no request of ${service} with ${stable} in closed ticks of the window${seen}`)
}

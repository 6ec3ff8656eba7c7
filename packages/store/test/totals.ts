import type { Counts } from '../src/read/counts.ts'
import type { OperationTicks, TickRead } from '../src/read/read-ticks.ts'
import type { Store } from '../src/store.ts'

/** The comparison of most tests: the builds of `spanOf`'s spans. */
export const builds = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

/** Attributes of a request to `GET /cart`, and others. */
export const cart = (attributes: Record<string, string>): Record<string, string> => ({
  'http.route': '/cart',
  'http.request.method': 'GET',
  ...attributes,
})

export async function all({ operations }: TickRead): Promise<OperationTicks[]> {
  const list: OperationTicks[] = []
  for await (const operation of operations) list.push(operation)
  return list
}

/** Requests, traces, errors and client errors of each operation: of stable, then of the canary. */
export async function totalsOf(
  store: Store,
  comparison: Parameters<Store['ticks']['read']>[0] = builds,
): Promise<Record<string, number[]>> {
  const sums: Record<string, number[]> = {}
  const of = ({ requests, traces, errors, clientErrors }: Counts) => [requests, traces, errors, clientErrors]
  for (const { operation, ticks } of await all(store.ticks.read(comparison)))
    sums[operation] = ticks
      .map((tick) => [...of(tick.stable), ...of(tick.canary)])
      .reduce((a, b) => a.map((value, index) => value + b[index]!))
  return sums
}

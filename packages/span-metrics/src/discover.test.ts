import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prometheusAt } from './api.ts'
import { matchersOf } from './cohort.ts'
import { discover } from './discover.ts'
import type { Labels } from './labels.ts'

let series: readonly Labels[] = []
const server = createServer((request, response) => {
  const data = request.url === '/api/v1/series' ? series : ['basket']
  response.end(JSON.stringify({ status: 'success', data }))
})
beforeAll(() => new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening)))
afterAll(() => server.close())

const both = (name: string, labels: Labels = { service_name: 'shop' }): Labels[] =>
  ['1', '2'].map((version) => ({ __name__: name, service_version: version, ...labels }))

function found(some: readonly Labels[], metric?: string) {
  series = some
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const prometheus = prometheusAt({ url, headers: [], stop: new AbortController().signal, warn: () => {} })
  const [stable, canary] = [matchersOf('service.version=1'), matchersOf('service.version=2')]
  return discover(prometheus, { service: 'shop', stable, canary, traffic: [], metric }, 0, 1)
}

const http = 'http_server_request_duration_seconds'

it.each<[string, Labels[], string | undefined, string, string]>([
  ['the more telling family', [...both(`${http}_count`), ...both('calls_total')], undefined, http, 'classic'],
  ['native before classic', [...both(`${http}_count`), ...both(http)], undefined, http, 'native'],
  ['classic where it is named so', [...both(`${http}_count`), ...both(http)], `${http}_bucket`, http, 'classic'],
  [
    'no summary',
    both(http, { service_name: 'shop', quantile: '0.5' }).concat(both(`${http}_count`)),
    undefined,
    http,
    'classic',
  ],
  ['calls where there is no more', both('calls_total'), undefined, 'calls_total', 'counter'],
  ['what both cohorts have', [...both('latency_count').slice(1), ...both(http)], undefined, http, 'native'],
  ['the one that is named', [...both('shop_seconds_count'), ...both(http)], 'shop_seconds', 'shop_seconds', 'classic'],
  [
    "Tempo's, by service",
    both('traces_spanmetrics_latency_count', { service: 'shop' }),
    undefined,
    'traces_spanmetrics_latency',
    'classic',
  ],
  [
    'the new names of RPC',
    both('rpc_server_call_duration_seconds'),
    undefined,
    'rpc_server_call_duration_seconds',
    'native',
  ],
  ["gRPC's own", both('grpc_server_call_duration_seconds'), undefined, 'grpc_server_call_duration_seconds', 'native'],
  ['a job with a namespace', both(http, { job: 'eu/shop' }), undefined, http, 'native'],
])('finds %s', async (_what, some, metric, family, kind) => {
  expect(await found(some, metric)).toMatchObject({ family, kind })
})

describe('of a mesh', () => {
  const istio = 'istio_request_duration_milliseconds_count'
  const mesh = (reporter: string, more: Labels = {}): Labels[] =>
    ['1', '2'].map((version) => ({
      __name__: istio,
      reporter,
      destination_canonical_service: 'shop',
      destination_version: version,
      ...more,
    }))
  const sideOf = async (some: readonly Labels[]) => (await found(some)).side

  it('counts each request once: where it is answered, else at a waypoint, else where it is asked', async () => {
    const reporter = (value: string) => [{ label: 'reporter', operator: '=', value }]
    expect(await sideOf([...mesh('source'), ...mesh('destination')])).toEqual(reporter('destination'))
    expect(await sideOf([...mesh('source'), ...mesh('waypoint')])).toEqual(reporter('waypoint'))
    expect(await sideOf(mesh('source'))).toEqual(reporter('source'))
    // One cohort alone has a proxy of its own.
    expect(await sideOf([...mesh('source'), ...mesh('destination').slice(1)])).toEqual(reporter('source'))
  })

  it('asks for the build of the workload that answers', async () => {
    expect((await found(mesh('destination'))).cohorts.canary).toEqual([
      { label: 'destination_version', operator: '=', value: '2' },
    ])
    const revisions = ['1', '2'].flatMap((revision) =>
      mesh('destination', { destination_version: '', destination_canonical_revision: revision }),
    )
    expect((await found(revisions)).cohorts.stable).toEqual([
      { label: 'destination_canonical_revision', operator: '=', value: '1' },
    ])
  })

  it('comes after what the service itself tells', async () => {
    expect(await found([...mesh('destination'), ...both(http)])).toMatchObject({ family: http, side: [] })
  })
})

it.each<[string, Labels[], string]>([
  [
    'of clients alone',
    both('latency_count', { service_name: 'shop', span_kind: 'SPAN_KIND_CLIENT' }),
    'has span metrics of kind SPAN_KIND_CLIENT only',
  ],
  ['of another service', [], 'no span metrics of service "shop" at http'],
  [
    'of no common family',
    [...both('latency_count').slice(1), ...both(http).slice(0, 1)],
    'no family of series in common',
  ],
])('says so of span metrics %s', async (_what, some, message) => {
  await expect(found(some)).rejects.toThrow(message)
})

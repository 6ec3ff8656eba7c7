import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { randomOf } from '../../packages/stats/src/random.ts'
import { coalmineHere, type Run } from './coalmine.ts'

type Labels = Readonly<Record<string, string>>

interface Series {
  readonly labels: Labels
  readonly samples: readonly (readonly [number, string])[]
}

const [start, end, interval] = [Date.UTC(2026, 10, 20, 10) / 1000, Date.UTC(2026, 10, 20, 10, 20) / 1000, 15]

/** Series of counters that grow at each scrape by what `requests` says. */
function scraped(labels: Labels, name: string, requests: (at: number) => Readonly<Record<string, number>>): Series[] {
  const totals = new Map<string, number>()
  const samples = new Map<string, (readonly [number, string])[]>()
  for (let time = start; time <= end; time += interval) {
    for (const [le, n] of Object.entries(requests(time))) totals.set(le, (totals.get(le) ?? 0) + n)
    for (const [le, total] of totals) samples.set(le, [...(samples.get(le) ?? []), [time, String(total)]])
  }
  return [...samples].map(([le, values]) => ({
    labels: { __name__: le === '' ? name : `${name}_bucket`, ...labels, ...(le === '' ? {} : { le }) },
    samples: values,
  }))
}

const bounds = [1, 5, 10, 25, 50, 100, 250, 500, 1000]

/** A histogram of milliseconds with its count, as a proxy has it. */
function histogram(labels: Labels, name: string, rate: number, median: number, random: () => number): Series[] {
  const buckets = scraped(labels, name, () => {
    const below: Record<string, number> = Object.fromEntries([...bounds, '+Inf'].map((le) => [String(le), 0]))
    for (let n = 0; n < rate * interval; n += 1) {
      const ms = median * Math.exp(1.2 * (random() + random() - 1))
      for (const bound of bounds) if (ms <= bound) below[String(bound)]! += 1
      below['+Inf']! += 1
    }
    return below
  })
  const all = buckets.find((one) => one.labels['le'] === '+Inf')!
  return [...buckets, { labels: { __name__: `${name}_count`, ...labels }, samples: all.samples }]
}

/** As much of Prometheus' HTTP API, and of its selectors, as span metrics ask for. */
async function prometheusOf(all: readonly Series[]): Promise<{ readonly url: string; readonly server: Server }> {
  const chosen = (selector: string): Series[] => {
    const matchers = [...selector.matchAll(/(\w+)(=~|!=|=)("(?:[^"\\]|\\.)*")/g)]
    return all.filter(({ labels }) =>
      matchers.every(([, label, operator, quoted]) => {
        const [own, value] = [labels[label!] ?? '', JSON.parse(quoted!) as string]
        if (operator === '=~') return new RegExp(`^(?:${value})$`).test(own)
        return (own === value) === (operator === '=')
      }),
    )
  }
  const answer = (path: string, form: URLSearchParams): unknown => {
    if (path.endsWith('/series'))
      return form
        .getAll('match[]')
        .flatMap(chosen)
        .map(({ labels }) => labels)
    const query = form.get('query') ?? ''
    const some = chosen(query)
    if (path.endsWith('/query_range')) {
      const times = [...new Set(some.flatMap(({ samples }) => samples.map(([time]) => time)))].sort((a, b) => a - b)
      return { resultType: 'matrix', result: [{ metric: {}, values: times.map((time) => [time, '1']) }] }
    }
    const to = Number(form.get('time'))
    const from = to - Number(/\[(\d+)ms\]/.exec(query)?.[1]) / 1000
    const within = some.map(({ labels, samples }) => ({
      metric: labels,
      values: samples.filter(([time]) => time >= from && time <= to),
    }))
    return { resultType: 'matrix', result: within.filter(({ values }) => values.length > 0) }
  }
  const server = createServer(async (request, response) => {
    const data = answer(request.url ?? '', new URLSearchParams(await text(request)))
    response.end(JSON.stringify({ status: 'success', data }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

const window = ['--start', new Date(start * 1000).toISOString(), '--end', new Date(end * 1000).toISOString()]
const cohorts = ['--service', 'shop', '--stable', 'service.version=v1', '--canary', 'service.version=v2']
const judged = async (series: readonly Series[], ...args: readonly string[]): Promise<Run> => {
  const { url } = await prometheusOf(series)
  return coalmineHere('.', ['compare', '--prometheus', url, ...cohorts, ...window, ...args])
}

describe('metrics of Istio', () => {
  const random = randomOf(5)
  const proxies = (
    reporter: string,
    { slower = 1, failing = 0 }: { readonly slower?: number; readonly failing?: number } = {},
  ): Series[] =>
    ['v1', 'v2'].flatMap((version) => {
      const labels = {
        job: 'istio-proxies',
        instance: reporter === 'source' ? 'gateway:15020' : `shop-${version}:15020`,
        reporter,
        destination_canonical_service: 'shop',
        destination_version: version,
      }
      const isCanary = version === 'v2'
      const name = 'istio_request_duration_milliseconds'
      const rate = isCanary ? 5 : 20
      return [
        ...histogram({ ...labels, response_code: '200' }, name, rate, isCanary ? 20 * slower : 20, random),
        ...(isCanary && failing > 0
          ? histogram({ ...labels, response_code: '503' }, name, rate * failing, 20, random)
          : []),
      ]
    })
  const wide = ['--margin', 'latency=900%', '--margin', 'errors=5,5pp', '--format', 'json']

  it('are counted once, where requests are answered', async () => {
    const { code, stdout } = await judged([...proxies('destination'), ...proxies('source')], ...wide)
    const { cohorts: judgedCohorts, verdict } = JSON.parse(stdout)
    // The first cell begins with the first whole interval.
    expect(judgedCohorts.stable.requests).toBe(20 * (end - start - interval))
    expect([code, verdict]).toEqual([0, 'pass'])
  })

  it('tell errors by response_code', async () => {
    const { code, stdout } = await judged(proxies('destination', { failing: 0.2 }))
    expect(stdout).toContain('is failing more often')
    expect(code).toBe(1)
  })

  it('of clients are judged where no others are there', async () => {
    const { code } = await judged(proxies('source', { failing: 0.2 }))
    expect(code).toBe(1)
  })
})

it('the new names of gRPC tell which requests failed', async () => {
  const random = randomOf(7)
  const series = ['v1', 'v2'].flatMap((version) => {
    const labels = {
      job: 'shop',
      instance: `shop-${version}:9464`,
      service_name: 'shop',
      service_version: version,
      rpc_system_name: 'grpc',
      rpc_method: 'shop.Cart/Add',
    }
    const name = 'rpc_server_call_duration_seconds'
    const failing = { ...labels, rpc_response_status_code: 'UNAVAILABLE', error_type: 'UNAVAILABLE' }
    return [
      ...histogram({ ...labels, rpc_response_status_code: 'OK' }, name, 10, 20, random),
      ...(version === 'v2' ? histogram(failing, name, 2, 20, random) : []),
    ]
  })
  const { code, stdout } = await judged(series)
  expect(stdout).toContain('shop.Cart/Add is failing more often')
  expect(code).toBe(1)
})

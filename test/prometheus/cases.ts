// What is asked of a Prometheus, whether it is real or its recorded answers are, and what must come out.
import { backfillEnd } from './backfill.ts'
import { counter, family, nativeFamily } from './exposition.ts'

export interface Case {
  readonly name: string
  readonly args: readonly string[]
  /** Judged from what is scraped while the test runs, not from before. */
  readonly live?: true
  readonly code: number
  readonly says: readonly string[]
}

export const common: readonly string[] = ['--service', 'storefront', '--stable', 'service.version=1.0.0']
const canary = ['--canary', 'service.version=2.0.0']
export const backfilled: readonly string[] = ['--end', new Date(backfillEnd * 1000).toISOString()]

export const cases: readonly Case[] = [
  {
    name: 'classic histograms of a slow canary',
    args: canary,
    code: 1,
    says: [
      'GET /products is slower',
      'service.version=2.0.0 against service.version=1.0.0',
      '11\u202f400 requests, 2 instances',
      '2026-11-20T10:02:20.000Z to 2026-11-20T10:11:50.000Z, 9 min 30 s',
      `Judged from the histograms ${family}, in cells of 15 s`,
      'The buckets are coarser than the margin of 10%,2ms: the median of GET /products is somewhere between 25 ms and 50 ms.',
      '600 requests of processes that were warming up are left out of latency (stable 0, canary 600)',
      'client-errors is not judged: the series have neither an HTTP status nor a gRPC code.',
    ],
  },
  {
    name: 'margins that the buckets can show',
    args: [...canary, '--margin', 'latency=900%', '--margin', 'errors=5,5pp'],
    code: 0,
    says: ['All 6 findings that PASS needs are within their margins'],
  },
  {
    name: 'a share of slow requests, at a bound',
    args: [...canary, '--margin', 'latency=900%', '--slower-than', '250ms', '--margin', 'slower-than-250ms=5pp'],
    code: 1,
    says: ['is worse in slower-than-250ms: '],
  },
  {
    name: 'calls alone',
    args: [...canary, '--metric', counter],
    code: 2,
    says: [`latency is not judged: ${counter} has none.`, `Judged from the counters ${counter}`],
  },
  {
    name: 'a share of slow requests, between bounds',
    args: [...canary, '--slower-than', '300ms'],
    code: 64,
    says: ['GET /products is counted up to 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1000ms: name one of those'],
  },
  {
    name: 'a build that is not there',
    args: ['--canary', 'service.version=3.0.0'],
    code: 3,
    says: ['no canary series with service_version=3.0.0; there are: 1.0.0, 2.0.0'],
  },
  {
    name: 'a label that is not there',
    args: ['--canary', 'flag:new-pricing=on'],
    code: 3,
    says: ['the series have no label coalmine_flag_new_pricing for canary, only instance, job, service_name'],
  },
  {
    name: 'another service',
    args: [...canary, '--service', 'basket'],
    code: 3,
    says: ['no span metrics of service "basket" at http', 'There are: storefront'],
  },
  {
    name: 'ten seconds of native histograms, in which nothing is proved,',
    args: [...canary, '--metric', nativeFamily, '--warm-up', '0s', '--split', '20%'],
    live: true,
    code: 2,
    says: ['Not settled', `Judged from the native histograms ${nativeFamily}, in cells of 5 s`],
  },
]

import { describe, expect, it } from 'vitest'
import { entrySpans, matchersOf, matches, promql } from './cohort.ts'
import { familyOf, secondsOf } from './families.ts'
import { type Labels, operationOf, outcomeOf } from './labels.ts'

it.each<[Labels, string]>([
  [{ span_name: 'GET /cart', span_kind: 'SPAN_KIND_SERVER' }, 'GET /cart'],
  [{ span_name: 'GET', http_route: '/cart', http_request_method: 'GET' }, 'GET /cart'],
  [{ http_route: '/cart', http_method: 'POST' }, 'POST /cart'],
  [{ span_name: 'GET /cart', http_route: '/cart' }, 'GET /cart'],
  [{ rpc_service: 'shop.Cart', rpc_method: 'Add' }, 'shop.Cart/Add'],
  [{ rpc_method: 'shop.Cart/Add' }, 'shop.Cart/Add'],
  [{ grpc_method: 'shop.Cart/Add' }, 'shop.Cart/Add'],
  [{ grpc_service: 'shop.Cart', grpc_method: 'Add', grpc_type: 'unary' }, 'shop.Cart/Add'],
  [{}, '(all)'],
])('%j is %s', (labels, operation) => {
  expect(operationOf(labels)).toBe(operation)
})

it.each<[Labels, string]>([
  [{ status_code: 'STATUS_CODE_ERROR' }, 'error'],
  [{ status_code: 'Error' }, 'error'],
  [{ status_code: 'STATUS_CODE_UNSET', http_response_status_code: '404' }, 'client-error'],
  [{ status_code: 'STATUS_CODE_ERROR', http_response_status_code: '404' }, 'error'],
  [{ http_status_code: '503' }, 'error'],
  [{ http_response_status_code: '404', error_type: '404' }, 'client-error'],
  [{ error_type: 'TimeoutError' }, 'error'],
  [{ rpc_grpc_status_code: '14' }, 'error'],
  [{ rpc_grpc_status_code: '5' }, 'client-error'],
  [{ rpc_grpc_status_code: '0' }, 'fine'],
  [{ http_response_status_code: '200' }, 'fine'],
  [{ rpc_response_status_code: 'DEADLINE_EXCEEDED', error_type: 'DEADLINE_EXCEEDED' }, 'error'],
  [{ rpc_response_status_code: 'NOT_FOUND' }, 'client-error'],
  [{ rpc_response_status_code: '16' }, 'client-error'],
  [{ rpc_response_status_code: 'OK' }, 'fine'],
  [{ rpc_response_status_code: '-32603', error_type: '-32603' }, 'error'],
  [{ grpc_status: 'UNAVAILABLE' }, 'error'],
  [{ grpc_code: 'DeadlineExceeded' }, 'error'],
  [{ grpc_code: 'Canceled' }, 'client-error'],
  [{ grpc_code: 'ResourceExhausted' }, 'client-error'],
  [{ grpc_code: 'OK' }, 'fine'],
  [{ reporter: 'destination', response_code: '503' }, 'error'],
  [{ reporter: 'destination', response_code: '404' }, 'client-error'],
  [{ reporter: 'destination', response_code: '0', response_flags: 'UC' }, 'error'],
  [{ reporter: 'destination', response_code: '200', grpc_response_status: '14' }, 'error'],
  [{ reporter: 'destination', response_code: '200', grpc_response_status: '5' }, 'client-error'],
  [{ reporter: 'destination', response_code: '200', grpc_response_status: '' }, 'fine'],
])('%j is %s', (labels, outcome) => {
  expect(outcomeOf(labels)).toBe(outcome)
})

describe('selectors', () => {
  it('choose by labels as Prometheus spells them', () => {
    const matchers = matchersOf('service.version=2.0.0-"rc",flag:new-pricing!=on,resource:k8s.node.pool=b')
    expect(promql('x', matchers)).toBe(
      '{__name__="x",service_version="2.0.0-\\"rc\\"",coalmine_flag_new_pricing!="on",k8s_node_pool="b"}',
    )
    expect(matches({ service_version: '2.0.0-"rc"', k8s_node_pool: 'b' }, matchers)).toBe(true)
    expect(
      matches({ service_version: '2.0.0-"rc"', k8s_node_pool: 'b', coalmine_flag_new_pricing: 'on' }, matchers),
    ).toBe(false)
  })

  it.each([
    ['SPAN_KIND_SERVER', true],
    ['SPAN_KIND_CONSUMER', true],
    ['server', true],
    ['SPAN_KIND_CLIENT', false],
    ['SPAN_KIND_INTERNAL', false],
    ['', true],
  ])('of requests, span_kind %j: %s', (kind, entry) => {
    expect(matches(kind === '' ? {} : { span_kind: kind }, [entrySpans])).toBe(entry)
  })
})

it.each([
  ['traces_span_metrics_duration_milliseconds_bucket', 'traces_span_metrics_duration_milliseconds', 0.001],
  ['latency_bucket', 'latency', 0.001],
  ['traces_spanmetrics_latency_bucket', 'traces_spanmetrics_latency', 1],
  ['http_server_request_duration_seconds_count', 'http_server_request_duration_seconds', 1],
  ['calls_total', 'calls_total', 1],
])('%s is of %s, in units of %d s', (name, family, unit) => {
  expect([familyOf(name), secondsOf(family)]).toEqual([family, unit])
})

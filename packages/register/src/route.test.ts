import { expect, it } from 'vitest'
import { readRoute } from './route.ts'

it.each([
  ['http/json', {}, 'http://localhost:4318/v1/traces'],
  ['http/json', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otel/' }, 'https://collector/otel/v1/traces'],
  ['http/protobuf', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces/here' }, 'http://traces/here'],
  ['grpc', {}, 'http://localhost:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export'],
  [
    'grpc',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' },
    'https://collector:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  ],
  [
    'grpc',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_INSECURE: 'true' },
    'http://collector:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  ],
] as const)('goes where the exporter for %s goes with %j', (protocol, env, url) => {
  expect(readRoute(env, protocol).url).toBe(url)
})

it('has the headers and the compression of the exporter, its own for traces before those for all', () => {
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20x, team=a,broken',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'team=b',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/is/not/there',
  }
  expect(readRoute(env, 'http/protobuf', 'http://tests/v1/traces')).toEqual({
    url: 'http://tests/v1/traces',
    isGrpc: false,
    headers: { authorization: 'Basic x', team: 'b', 'content-type': 'application/x-protobuf' },
    isCompressed: true,
    tls: {},
  })
})

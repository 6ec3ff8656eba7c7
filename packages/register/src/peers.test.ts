import { expect, it } from 'vitest'
import { instrumentations } from './instrumentations.ts'
import { findPeers, installCommand, misfits, type Peers } from './peers.ts'

const peers = findPeers(process.cwd())

it('finds what is installed, its version too, and what a package uses itself', () => {
  expect(peers.version('@opentelemetry/api')).toMatch(/^1\.\d+\.\d+$/)
  expect(peers.resolve('@opentelemetry/none')).toBeUndefined()
  expect(peers.from('@opentelemetry/exporter-trace-otlp-http').resolve('@opentelemetry/otlp-transformer')).toBeDefined()
})

it.each([
  ['1.10.0', 'npm i @opentelemetry/sdk-node @fastify/otel'],
  ['1.9.1', 'npm i @opentelemetry/sdk-node@0.223 @fastify/otel'],
])('names a command that installs what goes with API %s', (api, command) => {
  const withApi: Peers = { ...peers, version: () => api }
  expect(installCommand(['@opentelemetry/sdk-node', '@fastify/otel'], withApi)).toBe(
    `not installed: @opentelemetry/sdk-node, @fastify/otel. Run: ${command}`,
  )
})

it('leaves out an instrumentation that fails, says which version to install, and keeps the others', () => {
  const said: string[] = []
  const versions = { '@opentelemetry/api': '1.9.1', '@opentelemetry/instrumentation-undici': '0.34.0' }
  const beside: Peers = {
    ...peers,
    version: (name) => versions[name as keyof typeof versions],
    load: <T>(name: string) => {
      if (name === '@opentelemetry/instrumentation-undici') throw new TypeError('no getLogger')
      return peers.load<T>(name)
    },
  }
  const made = instrumentations(beside, (message) => said.push(message))
  expect(made).toMatchObject([
    { instrumentationName: '@opentelemetry/instrumentation-express' },
    { instrumentationName: '@fastify/otel' },
  ])
  expect(said).toEqual([
    '@opentelemetry/instrumentation-undici is left out: no getLogger. @opentelemetry/instrumentation-undici 0.34.0: does not go with @opentelemetry/api 1.9.1. Run: npm i @opentelemetry/instrumentation-undici@0.33',
  ])
})

it.each([
  ['1.10.0', '0.301.0', ''],
  ['1.9.1', '0.223.4', ''],
  [
    '1.9.1',
    '0.301.0',
    '. @opentelemetry/sdk-node 0.301.0: does not go with @opentelemetry/api 1.9.1. Run: npm i @opentelemetry/sdk-node@0.223',
  ],
])('knows whether API %s goes with an SDK %s', (api, sdk, advice) => {
  const installed: Peers = { ...peers, version: (name) => (name === '@opentelemetry/api' ? api : sdk) }
  expect(misfits(['@opentelemetry/sdk-node', '@fastify/otel'], installed)).toBe(advice)
})

import { expect, it } from 'vitest'
import { findPeers, installCommand, type Peers } from './peers.ts'

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

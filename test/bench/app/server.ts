import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { coalmine as forExpress } from '@coalmine/express'
import { coalmine as forFastify } from '@coalmine/fastify'
import { MarkProcessor, MarkPropagator, markFlag } from '@coalmine/marks'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { type Attributes, type ProxyTracerProvider, SpanKind, trace } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor, type SpanProcessor, type TracerProvider } from '@opentelemetry/sdk-trace'

// A hello-world application that exports over OTLP: node server.ts FRAMEWORK VARIANT URL. GET /flush exports what is left, and
// answers with the CPU time used so far, in microseconds. With @coalmine/register preloaded it sets nothing up itself.
const [framework, variant, url] = process.argv.slice(2) as [string, string, string]
const flagKeys = ['new-pricing', 'free-shipping', 'dark-mode', 'fast-search', 'layout-2026']
const isRegistered = variant.startsWith('register-')
const encoding = variant.endsWith('packed') ? 'packed' : 'each'
const isMarked = isRegistered || variant === encoding
const options = { testTraffic: () => true }
const floors: Record<string, Attributes> = {
  'floor-each': {
    'coalmine.test': true,
    ...Object.fromEntries(flagKeys.map((flag) => [`coalmine.flag.${flag}`, 'on'])),
  },
  'floor-packed': { 'coalmine.test': true, 'coalmine.flags': flagKeys.map((flag) => `${flag}=on`).join(';') },
}
const floor = floors[variant]

const batches: Pick<SpanProcessor, 'forceFlush'> = isRegistered ? registered() : setUp()

const require = createRequire(import.meta.url)
require('node:http')

const hello = (): string => {
  if (isMarked) for (const flag of flagKeys) markFlag(flag, 'on')
  return 'hello'
}
const listener = framework === 'express' ? expressApp() : await fastifyApp()
const server = http.createServer((req, res) => {
  if (req.url !== '/flush') listener(req, res)
  else batches.forceFlush().then(() => res.end(String(cpuMicros())))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)

function registered(): Pick<SpanProcessor, 'forceFlush'> {
  return (trace.getTracerProvider() as ProxyTracerProvider).getDelegate() as TracerProvider
}

function setUp(): SpanProcessor {
  const batches = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }), maxQueueSize: 1_000_000 })
  const standard = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
  new NodeSDK({
    resource: resourceFromAttributes({ 'service.version': '2.0.0' }),
    spanProcessors: [
      ...(isMarked ? [new MarkProcessor({ build: { version: '2.0.0' }, encoding })] : []),
      ...(floor ? [writes(floor)] : []),
      batches,
    ],
    textMapPropagator: new CompositePropagator({
      propagators: [...standard, ...(isMarked ? [new MarkPropagator()] : [])],
    }),
    metricReaders: [],
    logRecordProcessors: [],
  }).start()
  registerInstrumentations({
    instrumentations: [
      new HttpInstrumentation({ ignoreIncomingRequestHook: ({ url: path }) => path === '/flush' }),
      ...(framework === 'express' ? [new ExpressInstrumentation()] : []),
      ...(framework === 'fastify' ? [new FastifyOtelInstrumentation({ registerOnInitialization: true })] : []),
    ],
  })
  return batches
}

function writes(attributes: Attributes): SpanProcessor {
  return {
    onStart: () => {},
    onEnding: (span) => {
      for (const key in attributes) span.attributes[key] = attributes[key]
      if (span.kind === SpanKind.SERVER) span.attributes['user_agent.synthetic.type'] = 'test'
    },
    onEnd: () => {},
    forceFlush: async () => {},
    shutdown: async () => {},
  }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function expressApp(): http.RequestListener {
  const express = require('express') as typeof import('express')
  const app = express()
  if (isMarked) app.use(forExpress(options))
  app.get('/', (_req, res) => void res.send(hello()))
  return app
}

async function fastifyApp(): Promise<http.RequestListener> {
  const { fastify } = require('fastify') as typeof import('fastify')
  const app = fastify()
  // Waiting for a plugin names all later spans of @fastify/otel otherwise, whichever plugin it is.
  await (isMarked ? app.register(forFastify, options) : app.after())
  app.get('/', async () => hello())
  await app.ready()
  return (req, res) => void app.routing(req, res)
}

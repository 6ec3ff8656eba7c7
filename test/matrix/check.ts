import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { inherited } from '../inherited.ts'
import { type Exported, openSink } from './sink.ts'

/** How an application is started: without code of its own for tracing, or with a file that sets the SDK up. */
export const starts = {
  'register, ES module': { args: ['--import', '@coalmine/register', 'app.mjs'], env: {} },
  'register, CommonJS': { args: ['--import', '@coalmine/register', 'app.cjs'], env: {} },
  'by hand, ES module': { args: ['--import', './tracing.mjs', 'app.mjs'], env: {} },
  'by hand, CommonJS': { args: ['--require', './tracing.cjs', 'app.cjs'], env: {} },
  'by hand, late: hold': { args: ['--import', './tracing.mjs', 'app.mjs'], env: { HOLD: '1' } },
} as const

/** A way to start. */
export type Start = keyof typeof starts

/** What was found: nothing wrong is an empty list. */
export interface Outcome {
  readonly spans: number
  readonly wrong: readonly string[]
}

const requestCount = 20
/** Spans of Express 4 itself, which end before any middleware of the application runs: they have the build alone. */
const beforeOurs = /^middleware - (query|expressInit)$/
/** Spans that have ended when the flag is evaluated: it reaches them where ended spans are held back. */
const beforeFlag = /^(before the flag|router|middleware - )/
const server = 2

/**
 * Runs the application of an installed fixture, sends it concurrent requests, half of them test traffic and each with
 * a flag variant of its own, and checks the marks of every span that it exports.
 */
export async function check(folder: string, node: string, start: Start): Promise<Outcome> {
  const sink = await openSink()
  const { args, env } = starts[start]
  const app = spawn(node, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 600_000,
    env: {
      ...inherited,
      COALMINE_VERSION: '2.0.0',
      COALMINE_FLUSH_TIMEOUT: '60000',
      OTEL_SERVICE_NAME: 'matrix',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      ...env,
    },
  })
  const exit = once(app, 'exit')
  const said = text(app.stderr)
  const [line] = (await Promise.race([once(createInterface(app.stdout), 'line'), exit.then(() => [undefined])])) as [
    string | undefined,
  ]
  if (line === undefined) {
    sink.close()
    return { spans: 0, wrong: [`did not start: ${await said}`] }
  }
  const ports = Object.entries(JSON.parse(line) as Record<string, number>)
  const answers = await Promise.all(ports.flatMap(([name, port]) => requests(name, port)))
  app.kill('SIGTERM')
  const [code] = await exit
  sink.close()
  const ended = code === 0 ? [] : [`ended with code ${code}: ${await said}`]
  return {
    spans: sink.spans.length,
    wrong: [...ended, ...answers.flat(), ...wrongSpans(sink.spans, ports.length, 'HOLD' in env)],
  }
}

function requests(name: string, port: number): Promise<string[]>[] {
  return Array.from({ length: requestCount }, async (_, i) => {
    const variant = `${name}-${i}`
    const headers: Record<string, string> = isTest(variant) ? { 'x-test': '1' } : {}
    const answer = await (await fetch(`http://127.0.0.1:${port}/cart/${variant}`, { headers })).text()
    const expected = JSON.stringify({ test: isTest(variant), variant })
    return answer === expected ? [] : [`answered ${answer}, not ${expected}`]
  })
}

function isTest(variant: string): boolean {
  return Number(variant.split('-')[1]) % 2 === 1
}

function wrongSpans(spans: readonly Exported[], frameworks: number, held: boolean): string[] {
  const servers = new Map(spans.filter(({ kind }) => kind === server).map((span) => [span.traceId, span]))
  const after = spans.filter(({ name }) => name === 'after the flag')
  const expected = frameworks * requestCount
  return [
    ...(servers.size === expected ? [] : [`${servers.size} SERVER spans of ${expected} requests`]),
    ...(after.length === expected ? [] : [`${after.length} of ${expected} requests have a span after the flag`]),
    ...spans.flatMap((span) => wrongMarks(span, servers.get(span.traceId), held)),
  ]
}

function wrongMarks({ name, attributes, resource }: Exported, server: Exported | undefined, held: boolean): string[] {
  const variant = String(server?.attributes['url.path']).split('/').at(-1) as string
  const test = isTest(variant) ? true : undefined
  return [
    ['http.route', server?.attributes['http.route'], '/cart/:variant'],
    ['service.version', attributes['service.version'] ?? resource['service.version'], '2.0.0'],
    ...(beforeOurs.test(name) && !held ? [] : [['coalmine.test', attributes['coalmine.test'], test]]),
    ...(beforeFlag.test(name) && !held
      ? []
      : [['coalmine.flag.free-shipping', attributes['coalmine.flag.free-shipping'], variant]]),
  ].flatMap(([key, found, wanted]) => (found === wanted ? [] : [`${name}: ${key} is ${found}, not ${wanted}`]))
}

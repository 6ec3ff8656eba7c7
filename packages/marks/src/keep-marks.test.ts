import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { context, DiagLogLevel, diag, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import genericPool from 'generic-pool'
import PQueue from 'p-queue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepMarks, withoutMarks } from './keep-marks.ts'
import { markFlag, markTestEntity } from './mark-request.ts'
import { MarkProcessor } from './processor.ts'
import { withRequestMarks } from './request.ts'
import { resumeTest } from './resume-test.ts'
import { currentTest, currentTraffic, isTestTraffic } from './traffic.ts'

const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({
  spanProcessors: [new MarkProcessor({ build: { version: '2.0.0' } }), new SimpleSpanProcessor({ exporter })],
})
const tracer = provider.getTracer('test')
const said: string[] = []

beforeEach(() => {
  const log = (message: string): void => void said.push(message)
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
})
afterEach(() => {
  exporter.reset()
  said.splice(0)
  diag.disable()
  context.disable()
})

describe.each([
  ['without an SDK', () => {}],
  ['with one', () => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())],
])('%s', (_, prepare) => {
  beforeEach(prepare)

  it('a request’s promise keeps the marks until it is settled, and what it leaves behind has none', async () => {
    const told: string[] = []
    const { end } = request(true, () => {
      void keepMarks(async () => {
        setTimeout(() => told.push(`left: ${currentTraffic()}`), 60)
        await sleep(20)
        told.push(`kept: ${currentTraffic()}`)
      })
    })
    end()
    await expect.poll(() => told).toEqual(['kept: test', 'left: unknown'])
  })

  it('a function without a promise keeps the marks for all that it starts', async () => {
    const told: string[] = []
    const { end } = request(true, () => keepMarks(() => setTimeout(() => told.push(currentTraffic()), 20)))
    end()
    await expect.poll(() => told).toEqual(['test'])
  })

  it('learns in kept work what the request learns later, and the other way round', async () => {
    const told: boolean[] = []
    const { end, inside } = request(false, () => {
      void keepMarks(async () => {
        await sleep(20)
        told.push(isTestTraffic())
      })
    })
    inside(() => markTestEntity('cart', '7'))
    end()
    await expect.poll(() => told).toEqual([true])
  })

  it('gives what the function gives, and leaves its failure to the caller', async () => {
    const failure = new Error('no mail')
    const { inside } = request(true, () => {})
    expect(inside(() => keepMarks(() => 7))).toBe(7)
    await expect(inside(() => keepMarks(async () => 8))).resolves.toBe(8)
    await expect(inside(() => keepMarks(() => Promise.reject(failure)))).rejects.toBe(failure)
    expect(() => inside(() => keepMarks(throws))).toThrow('on purpose')
    expect(keepMarks(() => 9)).toBe(9)
  })

  it('nothing that withoutMarks starts is of the request, nor of the one in which it was called', async () => {
    const told: unknown[] = []
    const { inside } = request(true, () => {})
    inside(() =>
      withoutMarks(() => {
        told.push(currentTraffic(), currentTest(), trace.getActiveSpan())
        setTimeout(() => told.push(currentTraffic()), 1)
        markFlag('a', 'on')
      }),
    )
    expect(inside(currentTraffic)).toBe('test')
    await expect.poll(() => told).toEqual(['unknown', undefined, undefined, 'unknown'])
    expect(said).toEqual([])
  })

  it.each<[string, () => (job: () => void) => void]>([
    [
      'setInterval',
      () => {
        const jobs: (() => void)[] = []
        setInterval(() => jobs.shift()?.(), 2).unref()
        return (job) => jobs.push(job)
      },
    ],
    [
      'an async loop',
      () => {
        const bell = new EventEmitter()
        const jobs: (() => void)[] = []
        void (async () => {
          for (;;) {
            const job = jobs.shift()
            if (job) job()
            else await once(bell, 'job')
          }
        })()
        return (job) => {
          jobs.push(job)
          bell.emit('job')
        }
      },
    ],
    [
      'an async iterator',
      () => {
        const bell = new EventEmitter()
        void (async () => {
          for await (const [job] of jobsOf(bell)) job()
        })()
        return (job) => void setTimeout(() => bell.emit('job', job), 5)
      },
    ],
    [
      'p-queue, one at a time',
      () => {
        const queue = new PQueue({ concurrency: 1 })
        return (job) => void queue.add(job)
      },
    ],
    [
      'generic-pool, one connection',
      () => {
        const pool = genericPool.createPool(
          { create: async () => new EventEmitter(), destroy: async () => {} },
          { max: 1 },
        )
        // As drivers with callbacks do: the connection is opened, and listened to, by whoever is first.
        return (job) =>
          void pool.acquire().then(async (connection) => {
            job()
            await pool.release(connection)
          })
      },
    ],
    [
      'a socket that the first request opened',
      () => {
        const server = http
          .createServer((_req, res) => res.end())
          .listen(0)
          .unref()
        const waiting: (() => void)[] = []
        const connection = new Promise<http.Agent>((resolve) => {
          server.once('listening', () => resolve(new http.Agent({ keepAlive: true, maxSockets: 1 })))
        })
        return (job) => {
          waiting.push(job)
          void connection.then((agent) =>
            http.get({ agent, port: (server.address() as AddressInfo).port }, (res) => {
              res.resume().on('end', () => waiting.shift()?.())
            }),
          )
        }
      },
    ],
  ])(
    'whoever was first to use %s: a job that carries its test is a test’s, and a user’s a user’s',
    async (_, start) => {
      for (const firstIsTest of [true, false]) {
        const told: [boolean, string][] = []
        let add: ((job: () => void) => void) | undefined
        for (const isTest of [firstIsTest, !firstIsTest, true, false]) {
          const { end, inside } = request(isTest, () => {
            add ??= start()
          })
          await inside(async () => {
            const test = currentTest()
            await new Promise<void>((done) =>
              add?.(() => {
                resumeTest(test, () => told.push([isTest, currentTraffic()]))
                done()
              }),
            )
          })
          end()
          await sleep(1)
        }
        for (const [isTest, traffic] of told) expect(traffic).toBe(isTest ? 'test' : 'users')
        expect(told).toHaveLength(4)
      }
    },
  )

  it('a request of http2 is one from its headers to the end of its stream', async () => {
    const told: string[] = []
    const server = http2.createServer((req, res) => {
      withRequestMarks(
        req,
        req,
        { testTraffic: ({ headers }) => headers['x-test'] !== undefined },
        () => {
          req.on('data', () => told.push(`data: ${currentTraffic()}`))
          req.on('end', () => res.end('done'))
          res.on('close', () => setTimeout(() => told.push(`later: ${currentTraffic()}`), 20))
        },
        res,
      )
    })
    server.listen(0)
    await once(server, 'listening')
    const client = http2.connect(`http://localhost:${(server.address() as AddressInfo).port}`)
    const stream = client.request({ ':method': 'POST', 'x-test': '1' })
    stream.end('a body').resume()
    await expect.poll(() => told).toEqual(['data: test', 'later: unknown'])
    client.close()
    server.close()
  })

  it('says once of each function that it was called too late, and where', async () => {
    const { end, inside } = request(true, () => {})
    end()
    await sleep(1)
    for (let i = 0; i < 3; i++) inside(() => isTestTraffic() || currentTraffic() || keepMarks(() => {}))
    // Once a process: the second round has nothing to say.
    for (const message of said) expect(message).toMatch(/\(\) was called after its request had ended.*keep-marks\.test/)
    expect(said.length).toBeLessThanOrEqual(3)
  })
})

describe('spans', () => {
  beforeEach(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))

  it('that begin after the request have the build alone, unless their work was kept or is a job', async () => {
    const { end, inside } = request(true, () => markFlag('a', 'on'))
    inside(() => {
      void keepMarks(async () => {
        await sleep(20)
        tracer.startSpan('kept').end()
      })
    })
    end()
    await sleep(1)
    inside(() =>
      tracer.startActiveSpan('left', (span) => {
        markFlag('b', 'on')
        tracer.startSpan('below').end()
        span.end()
      }),
    )
    inside(() => resumeTest({ run: 'load-7' }, () => tracer.startSpan('job').end()))
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(4)
    const build = { 'service.version': '2.0.0' }
    expect(attributes()).toEqual({
      left: { ...build, 'coalmine.flag.b': 'on' },
      below: { ...build, 'coalmine.flag.b': 'on' },
      job: { ...build, 'coalmine.test': true, 'coalmine.test.run': 'load-7' },
      kept: { ...build, 'coalmine.flag.a': 'on', 'coalmine.test': true },
    })
    expect(said.filter((message) => message.includes('a span began after its request'))).toEqual([
      expect.stringContaining('left'),
    ])
  })

  it('end the work that they began, where no response is known', async () => {
    const told: string[] = []
    tracer.startActiveSpan('job', { kind: SpanKind.CONSUMER }, (span) => {
      markTestEntity('cart', '7')
      setTimeout(() => told.push(currentTraffic()), 10)
      setTimeout(() => {
        told.push(currentTraffic())
        span.end()
        // What ends it is still a part of it.
        told.push(currentTraffic())
      }, 1)
    })
    await expect.poll(() => told).toEqual(['test', 'test', 'unknown'])
  })

  it('do not decide whose traffic it is: a loop with spans of its own is nobody’s', async () => {
    const told: string[] = []
    const tick = (): void =>
      tracer.startActiveSpan('tick', { kind: SpanKind.CONSUMER }, (span) => {
        told.push(currentTraffic())
        span.end()
      })
    const { end, inside } = request(true, () => {})
    withoutMarks(tick)
    tick()
    end()
    await sleep(1)
    inside(tick)
    expect(told).toEqual(['unknown', 'unknown', 'unknown'])
  })

  it('of one kind inside the other end nothing, nor does a root span in the middle', () => {
    tracer.startActiveSpan('server', { kind: SpanKind.SERVER }, (server) => {
      markTestEntity('cart', '7')
      for (const options of [{ kind: SpanKind.SERVER }, { root: true }, { kind: SpanKind.CONSUMER }])
        tracer.startActiveSpan('inner', options, (span) => span.end())
      return Promise.resolve().then(() => {
        expect(currentTraffic()).toBe('test')
        server.end()
      })
    })
  })

  it('of a job in another’s leftover context are not that one’s', async () => {
    const outer = tracer.startSpan('batch', { kind: SpanKind.CONSUMER })
    const left = await context.with(trace.setSpan(ROOT_CONTEXT, outer), () =>
      resumeTest({ run: 'load-7' }, async () => context.active()),
    )
    await sleep(1)
    expect(context.with(left, currentTraffic)).toBe('unknown')
    outer.end()
  })
})

function attributes(): Record<string, unknown> {
  return Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span.attributes]))
}

function throws(): never {
  throw new Error('on purpose')
}

async function* jobsOf(bell: EventEmitter): AsyncGenerator<[() => void]> {
  for (;;) yield (await once(bell, 'job')) as [() => void]
}

/** A request without a server: `end` closes its response, `inside` runs more of it, also when it is through. */
function request(isTest: boolean, handle: () => void) {
  const response = new EventEmitter()
  let bound: (<T>(run: () => T) => T) | undefined
  withRequestMarks(
    {},
    undefined,
    { testTraffic: () => isTest },
    () => {
      bound = AsyncLocalStorage.snapshot()
      handle()
    },
    response,
  )
  return { end: () => void response.emit('close'), inside: bound! }
}

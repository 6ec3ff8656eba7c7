import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { MarkProcessor } from '@coalmine/marks'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import express from 'express'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { eachVariant } from './each-variant.ts'
import { flagFunction } from './flag-function.ts'
import { withFlags } from './with-flags.ts'

const asked: string[] = []
const flag = flagFunction(
  (key: string): boolean | string => {
    asked.push(key)
    return key === 'colour' ? 'red' : false
  },
  ['free-shipping', 'colour'],
)

describe('withFlags', () => {
  it('sets a flag for what it runs, awaits and starts, and for nothing else', async () => {
    const seen = await withFlags({ 'free-shipping': true }, async () => {
      const first = flag('free-shipping')
      await sleep(1)
      return [first, flag('free-shipping'), flag('colour')]
    })
    expect(seen).toEqual([true, true, 'red'])
    expect(flag('free-shipping')).toBe(false)
  })

  it('gives what it runs gives, at once where that is no promise', () => {
    expect(withFlags({ colour: 'blue' }, () => flag('colour'))).toBe('blue')
  })

  it('throws what it runs throws', async () => {
    const error = new Error('mine')
    const fail = () => {
      throw error
    }
    expect(() => withFlags({ colour: 'blue' }, fail)).toThrow(error)
    await expect(withFlags({ colour: 'blue' }, async () => fail())).rejects.toBe(error)
  })

  it('does not ask the real function for a flag that is set', () => {
    asked.length = 0
    withFlags({ colour: 'blue' }, () => [flag('colour'), flag('free-shipping')])
    expect(asked).toEqual(['free-shipping'])
  })

  it('marks a request with the flags that the test sets, as a flag service’s own would be', () => {
    const exporter = new InMemorySpanExporter()
    const spanProcessors = [new MarkProcessor({ build: {} }), new SimpleSpanProcessor({ exporter })]
    const tracer = new TracerProvider({ spanProcessors }).getTracer('test')
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    withFlags({ 'free-shipping': true }, () =>
      tracer.startActiveSpan('server', (span) => {
        flag('free-shipping')
        span.end()
      }),
    )
    expect(exporter.getFinishedSpans()[0]?.attributes).toEqual({ 'coalmine.flag.free-shipping': 'true' })
  })

  it('nests: the inner value counts, the outer others stay', () => {
    const read = () => [flag('free-shipping'), flag('colour')]
    const seen = withFlags({ 'free-shipping': true, colour: 'blue' }, () => [
      withFlags({ colour: 'green' }, read),
      read(),
    ])
    expect(seen).toEqual([
      [true, 'green'],
      [true, 'blue'],
    ])
  })

  it('keeps tests apart that run at the same time', async () => {
    const colours = Array.from({ length: 100 }, (_, i) => `colour ${i}`)
    const seen = await Promise.all(
      colours.map((colour) =>
        withFlags({ colour }, async () => {
          await sleep(Math.random() * 5)
          return flag('colour')
        }),
      ),
    )
    expect(seen).toEqual(colours)
  })

  it('names the known flags, where one is unknown', () => {
    const message = 'unknown flag "fre-shipping": the known ones are colour, free-shipping'
    expect(() => withFlags({ 'fre-shipping': true }, () => {})).toThrow(message)
    expect(() => flag('fre-shipping')).toThrow(message)
    expect(() => withFlags({ constructor: true, toString: true }, () => {})).toThrow(
      'unknown flags "constructor", "toString"',
    )
  })

  it('gives a promise where the real function is async', async () => {
    const later = flagFunction(async (_key: string): Promise<boolean> => false, ['late'])
    await withFlags({ late: true }, async () => {
      expect(later('late')).toBeInstanceOf(Promise)
      expect(await later('late')).toBe(true)
    })
  })
})

describe('eachVariant', () => {
  it('runs once for each combination, and tells which', async () => {
    const seen: unknown[] = []
    await eachVariant({ 'free-shipping': [true, false], colour: ['red', 'blue'] }, (flags) => {
      expect(flags).toEqual({ 'free-shipping': flag('free-shipping'), colour: flag('colour') })
      seen.push(Object.values(flags))
    })
    expect(seen).toEqual([
      [true, 'red'],
      [true, 'blue'],
      [false, 'red'],
      [false, 'blue'],
    ])
  })

  it('fails when it fails with one, with that error, and says with which', async () => {
    const error = new RangeError('too dear')
    const failing = eachVariant({ 'free-shipping': [true, false] }, () => {
      if (!flag('free-shipping')) throw error
    })
    await expect(failing).rejects.toBe(error)
    expect(error.message).toBe('with free-shipping=false (1 of 2): too dear')
    expect(error.stack).toMatch(/^RangeError: with free-shipping=false \(1 of 2\): too dear\n/)
  })

  it('runs the other variants too, and counts those that fail', async () => {
    const failing = eachVariant({ 'free-shipping': [true, false], colour: ['red'] }, () => {
      throw new Error('broken')
    })
    await expect(failing).rejects.toThrow(
      'with free-shipping=true, colour=red; free-shipping=false, colour=red (2 of 2): broken',
    )
  })

  it('names the known flags, where one is unknown, and a flag that has no values', async () => {
    await expect(eachVariant({ typo: [true] }, () => {})).rejects.toThrow('the known ones are colour, free-shipping')
    await expect(eachVariant({ colour: [] }, () => {})).rejects.toThrow('the flag "colour" has no values to try')
  })
})

describe('a route', () => {
  it('of Fastify sees the flags of the test that injects a request', async () => {
    const app = Fastify()
    app.get('/', async () => ({ free: flag('free-shipping') }))
    await eachVariant({ 'free-shipping': [true, false] }, async (flags) => {
      expect((await app.inject('/')).json()).toEqual({ free: flags['free-shipping'] })
    })
  })

  it('of Express sees the flags of the test in which it began to listen', async () => {
    const app = express().get('/', (_, res) => void res.json({ free: flag('free-shipping') }))
    await eachVariant({ 'free-shipping': [true, false] }, async (flags) => {
      const server = app.listen(0)
      await once(server, 'listening')
      const response = await fetch(`http://localhost:${(server.address() as AddressInfo).port}/`)
      expect(await response.json()).toEqual({ free: flags['free-shipping'] })
      await new Promise((resolve) => server.close(resolve).closeAllConnections())
    })
  })
})

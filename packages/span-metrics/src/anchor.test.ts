import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { beforeCanary } from './anchor.ts'
import { prometheusAt } from './api.ts'

const first = Date.UTC(2026, 10, 20, 10, 2, 13) / 1000
const day = 86_400

/** Answers as Prometheus does of a series that is there from `first` on. */
const server = createServer(async (request, response) => {
  const form = new URLSearchParams(await text(request))
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name))) as [number, number, number]
  const values: [number, string][] = []
  for (let time = start; time <= end; time += step) if (time >= first) values.push([time, '1'])
  const result = values.length > 0 ? [{ metric: {}, values }] : []
  response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
})
beforeAll(() => new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening)))
afterAll(() => server.close())

const anchor = (endSeconds: number): Promise<number> => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = new AbortController().signal
  return beforeCanary(prometheusAt({ url, headers: [], stop, warn: () => {} }), '{x="y"}', endSeconds * 1000)
}

it('is the same at every look, and less than a step before the first sample', async () => {
  for (const later of [60, 61.3, 300, 3600, 0.9 * day]) {
    expect(await anchor(first + later)).toBe(Date.UTC(2026, 10, 20, 10, 2))
  }
})

it('is found after days, too', async () => {
  expect(await anchor(first + 3 * day)).toBe(Date.UTC(2026, 10, 20, 10))
})

it('is asked for when the canary has been there for longer, or not at all', async () => {
  await expect(anchor(first + 8 * day)).rejects.toThrow(
    'the canary has been running for more than 7 days: say from when',
  )
  await expect(anchor(first - 60)).rejects.toThrow('the canary has no sample between')
})

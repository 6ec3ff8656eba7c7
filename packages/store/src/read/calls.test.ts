import { describe, expect, it } from 'vitest'
import { oneStore } from '../../test/one-store.ts'
import { batchOf, firstStart, type spanOf } from '../../test/spans.ts'
import { cart } from '../../test/totals.ts'

const ownService = oneStore()

const canary = cart({ 'service.version': '2.0.0' })

describe.concurrent('calls that a service makes', () => {
  const callsOf =
    (made: typeof spanOf) =>
    (attributes: Record<string, string>, changes: Parameters<typeof spanOf>[0] = {}) =>
      made({ kind: 'Client', parentSpanId: 'ab'.repeat(8), name: 'call', ...changes, attributes })
  const build = (version: string) => ({ 'service.version': version })

  it('are compared by what they ask of whom, one value a trace', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
    const call = callsOf(spanOf)
    const traceId = 'ee'.repeat(16)
    const select = { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'carts' }
    await store.ingest.insert(
      batchOf(
        spanOf(),
        spanOf({ attributes: canary }),
        call({ ...build('1.0.0'), ...select }),
        call({ ...build('2.0.0'), ...select }, { traceId }),
        call({ ...build('2.0.0'), ...select }, { traceId, status: 'Error', durationNs: 90_000_000n }),
        call({ ...build('2.0.0'), 'db.query.summary': 'SELECT carts items' }),
        call({ ...build('2.0.0'), 'http.request.method': 'GET', 'server.address': 'payments' }),
        call({ ...build('2.0.0'), 'rpc.service': 'Stock', 'rpc.method': 'Take' }),
        call(build('2.0.0')),
        call(build('2.0.0'), { kind: 'Internal' }),
      ),
    )
    await closeAll()
    const calls = { ...builds, side: 'calls' } as const
    expect(store.ticks.read(calls).source).toBe('spans')
    const one = [0, 0, 0, 0, 1, 1, 0, 0]
    expect(await totals(calls)).toEqual({
      'GET payments': one,
      'SELECT carts': [1, 1, 0, 0, 2, 1, 1, 0],
      'SELECT carts items': one,
      'Stock/Take': one,
      call: one,
    })
    expect(await store.cohorts.facts(calls)).toMatchObject({ stable: { requests: 1 }, canary: { requests: 6 } })
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    const { all, exemplars } = await store.spans.suspects(calls, 'SELECT carts', 'failed')
    expect([...all.canary.values()]).toEqual([{ n: 1, bad: 1 }])
    expect(exemplars.canary).toMatchObject([{ traceId, seconds: 0.09 }])
  })

  it('start with the first call that the canary makes, whatever the requests are like', async () => {
    const { store, service, spanOf, closeAll } = ownService()
    const call = callsOf(spanOf)
    const to = (namespace: string, atMs: number) => call({ 'db.namespace': namespace }, { atMs })
    await store.ingest.insert(
      batchOf(
        to('old', 0),
        spanOf({ atMs: 5_000, attributes: { 'db.namespace': 'new' } }),
        to('new', 10_000),
        to('old', 10_000),
      ),
    )
    await closeAll()
    const calls = { service, stable: 'db.namespace=old', canary: 'db.namespace=new' }
    expect(await store.memory.start({ ...calls, side: 'calls' })).toBe(firstStart + 10_000)
    expect(await store.memory.start(calls)).toBe(firstStart + 5_000)
  })
})

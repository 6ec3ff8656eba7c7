import { describe, expect, it } from 'vitest'
import { oneStore } from '../../test/one-store.ts'
import { batchOf, firstStart } from '../../test/spans.ts'
import { cart } from '../../test/totals.ts'

const ownService = oneStore()

const canary = cart({ 'service.version': '2.0.0' })

describe.concurrent('what is bad, by attribute', () => {
  const count = (n: number, bad: number) => new Map([[Math.floor(firstStart / 5000), { n, bad }]])

  it('counts units of each cohort with each attribute that the canary has', async () => {
    const { store, builds, spanOf, closeAll } = ownService()
    const ok = (more: Record<string, string>) => spanOf({ attributes: { ...canary, ...more } })
    const failed = (more: Record<string, string>) => spanOf({ status: 'Error', attributes: { ...canary, ...more } })
    const [twice, mixed] = ['cc'.repeat(16), 'dd'.repeat(16)]
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: cart({ 'service.version': '1.0.0', items: 'many' }) }),
        spanOf({ resource: { zone: 'b' }, status: 'Error' }),
        ok({ items: 'few', 'coalmine.flags': 'a=on' }),
        failed({ items: 'many', 'error.type': 'timeout', 'coalmine.flag.a': 'on' }),
        // Two spans of a trace are one unit, with what its slower span has.
        spanOf({ traceId: twice, durationNs: 90_000_000n, attributes: { ...canary, items: 'many' } }),
        spanOf({ traceId: twice, status: 'Error', attributes: { ...canary, items: 'few' } }),
        spanOf({ traceId: mixed, attributes: canary }),
        spanOf({ traceId: mixed, status: 'Error' }),
        failed({ 'coalmine.test': 'true', items: 'tests' }),
        failed({ 'http.route': '/checkout', items: 'elsewhere' }),
      ),
    )
    await closeAll()
    const { all, attributes, exemplars } = await store.spans.suspects(builds, 'GET /cart', 'failed')
    expect(all).toEqual({ stable: count(3, 2), canary: count(4, 2) })
    const of = (name: string) => attributes.find(({ attribute }) => attribute === name)
    expect(of('items=many')).toEqual({ attribute: 'items=many', stable: count(1, 0), canary: count(2, 2) })
    expect(of('items=few')).toMatchObject({ stable: new Map(), canary: count(1, 0) })
    expect(of('flag:a=on')).toMatchObject({ canary: count(2, 1) })
    const names = attributes.map(({ attribute }) => attribute)
    for (const other of ['service.version=2.0.0', 'error.type=timeout', 'items=tests', 'items=elsewhere', 'zone=b'])
      expect(names).not.toContain(other)
    expect(exemplars.canary).toHaveLength(2)
    expect(exemplars.stable.map(({ startMs, seconds }) => ({ startMs, seconds }))).toEqual([
      { startMs: firstStart, seconds: 0.02 },
    ])
  })

  it('calls slow what is slower than 95 % of stable, and leaves ids out', async () => {
    const { store, builds, spanOf, closeAll } = ownService()
    const slow = (index: number, more: Record<string, string>) =>
      spanOf({ durationNs: BigInt(index + 1) * 1_000_000n, attributes: cart({ user: `u${index}`, ...more }) })
    await store.ingest.insert(
      batchOf(
        ...Array.from({ length: 100 }, (_, index) => slow(index, { 'service.version': '1.0.0' })),
        ...Array.from({ length: 1200 }, (_, index) =>
          slow(index % 200, { 'service.version': '2.0.0', id: `i${index}` }),
        ),
      ),
    )
    await closeAll()
    const { all, slowFromSeconds, attributes, exemplars } = await store.spans.suspects(builds, null, 'slow')
    expect(slowFromSeconds).toBe(0.096)
    expect(all.stable).toEqual(count(100, 4))
    const keys = new Set(attributes.map(({ attribute }) => attribute.split('=')[0]))
    expect([...keys].sort()).toEqual(['http.request.method', 'http.route', 'user'])
    for (const { seconds } of exemplars.canary) expect(seconds).toBeCloseTo(0.19, 2)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, type OtlpSpan } from '../otlp.ts'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { filesOn } from './manual.ts'

let folder: string
let store: Awaited<ReturnType<typeof storeHere>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-metrics-'))
  writeFileSync(join(folder, 'coalmine.yaml'), filesOn('metrics.md')[0]!.content)
  writeFileSync(
    join(folder, 'spans.jsonl'),
    ['1.9.0', '2.0.0'].map((version) => JSON.stringify(spansOf(version))).join('\n'),
  )
  store = await storeHere(folder)
  expect(await coalmine(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0, stderr: '' })
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Two minutes of a checkout: the canary asks its database twice where stable asks once, and costs as much. */
function spansOf(version: string): unknown {
  const canary = version === '2.0.0'
  const spans: OtlpSpan[] = []
  for (let index = 0; index < 1_200; index++) {
    const id = `${canary ? 'c' : '5'}${index.toString(16).padStart(7, '0')}`
    const start = Date.UTC(2026, 10, 20, 12) + index * 100
    const span = (
      spanId: string,
      kind: number,
      attributes: Record<string, string>,
      parentSpanId?: string,
    ): OtlpSpan => ({
      traceId: id.repeat(4),
      spanId,
      ...(parentSpanId ? { parentSpanId } : {}),
      name: kind === 2 ? 'POST /checkout' : 'SELECT',
      kind,
      startTimeUnixNano: `${start}000000`,
      endTimeUnixNano: `${start + 20 + (index % 7)}000000`,
      attributes: keyValues(attributes),
    })
    const request = id.repeat(2)
    const cost = (1 + (index % 10) / 10).toFixed(1)
    const cache = index % 3 === 0 ? 'hit' : 'miss'
    spans.push(span(request, 2, { 'http.route': '/checkout', 'app.cost': cost, 'app.cache': cache }))
    for (let query = 0; query < (canary ? 2 : 1); query++)
      spans.push(span(`${query}${request.slice(1)}`, 3, { 'db.system.name': 'postgresql' }, request))
  }
  const resource = { attributes: keyValues({ 'service.name': 'checkout', 'service.version': version }) }
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] }
}

it('the metrics that the README writes down are judged, and told in their own units', async () => {
  const run = await coalmine(folder, ['compare'])
  expect(run).toMatchObject({ code: 1, stderr: '' })
  expect(run.stdout).toContain('/checkout is higher in queries: median 1 -> 2 (')
  expect(run.stdout).toMatch(/FAIL {2}\/checkout +queries p50 +1 +2 +\+\d+ %/)
  expect(run.stdout).toContain('Computed from raw spans, which is slower: cost, queries, cache-hits.')
  expect(run.stdout).toContain('the new model may cost 2 % more')
})

it('and each of them has its finding', async () => {
  const run = await coalmine(folder, ['compare', '--format', 'json'])
  const { findings } = JSON.parse(run.stdout) as Verdict
  const told = findings.map(({ metric, unit, stable, canary }) => [metric, unit, stable.count, canary.count])
  expect(told).toEqual([
    ['latency', 'seconds', 1_200, 1_200],
    ['errors', 'share', 1_200, 1_200],
    ['client-errors', 'share', 1_200, 1_200],
    ['cost', 'number', 1_200, 1_200],
    ['queries', 'number', 1_200, 1_200],
    ['cache-hits', 'share', 1_200, 1_200],
  ])
  expect(findings.find(({ metric }) => metric === 'cache-hits')!.stable.events).toBe(400)
})

/**
 * Does a verdict take longer over more spans? One, ten and a hundred million of them in the same half hour, made inside the
 * engine, closed by the store, and asked about in a process of its own, as in compare.ts; about twenty minutes and 5 GB of
 * disk on two cores. `GROWTH_SPANS=1000000,10000000` asks about fewer.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@coalmine/store'
import { fill, type Reading, readApart } from './compare.ts'
import type { BenchRow } from './marks.ts'

const storeSizes = (process.env['GROWTH_SPANS'] ?? '1000000,10000000,100000000').split(',').map(Number)
const growsAtMost = 1.3

/** Makes each size, reads it in two processes and gives the rows of the table: the faster reading counts. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  let before: Reading | undefined
  for (const spans of storeSizes) {
    const { reading, closedPerSecond, bytesPerSpan } = await read(spans)
    const name = `${(spans / 1e6).toFixed(0)} million spans`
    rows.push(
      {
        name: `${name}: request to verdict`,
        value: `${reading.again.toFixed(2)} s (${reading.verdict})`,
        target: '< 2 s',
        ok: reading.again < 2 && reading.requests > spans * 0.9,
      },
      {
        name: `${name}: the first request to a server that has just started`,
        value: `${reading.seconds.toFixed(2)} s`,
        target: '',
        ok: true,
      },
      {
        name: `${name}: memory above the open store`,
        value: `${reading.megabytes} MB`,
        target: '< 500 MB',
        ok: reading.megabytes < 500,
      },
      {
        name: `${name}: closed, and on disk`,
        value: `${Math.round(closedPerSecond)} spans/s, ${bytesPerSpan.toFixed(1)} bytes a span`,
        target: '',
        ok: true,
      },
    )
    if (before) {
      const ratio = reading.again / before.again
      rows.push({
        name: `${name}: over a tenth of them`,
        value: `${ratio.toFixed(2)} x, ${(reading.seconds / before.seconds).toFixed(2)} x for the first request`,
        target: `<= ${growsAtMost} x`,
        ok: ratio <= growsAtMost,
      })
    }
    before = reading
  }
  return rows
}

async function read(spans: number): Promise<{ reading: Reading; closedPerSecond: number; bytesPerSpan: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    const seconds = await fill(directory, undefined, spans)
    const store = await openStore({ location: directory })
    const { tables } = await store.sizes()
    await store.close()
    const ask = () => readApart(directory, 'service.version=1.0.0', 'service.version=2.0.0')
    const readings = [await ask(), await ask()]
    const reading = readings.toSorted((a, b) => a.again - b.again)[0]!
    const bytes = tables.reduce((sum, table) => sum + table.bytes, 0)
    return { reading, closedPerSecond: spans / seconds, bytesPerSpan: bytes / spans }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

if (import.meta.main) console.table(await run())

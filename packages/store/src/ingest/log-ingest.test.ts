import { expect, it } from 'vitest'
import { evaluationOf } from '../../test/log-records.ts'
import type { Engine } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { defaultLogs } from '../traces.ts'
import { startLogIngest } from './log-ingest.ts'
import { type LogRecord, logLines } from './log-record.ts'

const line = logLines([evaluationOf()]).text

/** An engine that keeps what it is given, and fails when it is told to. */
function startIngest(maxQueuedBytes = 1_000_000) {
  const inserts: string[] = []
  const fault: { error?: Error } = {}
  const insertLogs: Engine['insertLogs'] = async (lines) => {
    if (fault.error) throw fault.error
    inserts.push(lines)
  }
  const engine = { insertLogs } as Engine
  const ingest = startLogIngest({ engine, logs: defaultLogs, maxQueuedBytes, now: () => 7 })
  const insert = (records: readonly LogRecord[]): Promise<void> => ingest.insert(logLines(records))
  return { ...ingest, insert, inserts, fault }
}

it('shares an insert among the requests that wait for one', async () => {
  const { insert, inserts, state } = startIngest()
  await Promise.all(Array.from({ length: 40 }, () => insert([evaluationOf()])))
  expect(inserts.map((lines) => lines.length / line.length)).toEqual([1, 39])
  await expect.poll(() => state().queuedBytes).toBe(0)
})

it('takes what is too large for an insert in several', async () => {
  const { insert, inserts } = startIngest(32_000_000)
  const large = Array.from({ length: Math.ceil(5_000_000 / line.length) }, () => evaluationOf())
  await Promise.all([insert([evaluationOf()]), insert(large), insert(large), insert([evaluationOf()])])
  expect(inserts.map((lines) => Math.round(lines.length / 5_000_000))).toEqual([0, 1, 1])
})

it('refuses more than may wait, but one request however large, and takes some again later', async () => {
  const { insert, drained } = startIngest(line.length + 1)
  const first = insert([evaluationOf(), evaluationOf()])
  expect(() => insert([evaluationOf()])).toThrow(expect.objectContaining({ kind: 'busy' }))
  await first
  await drained()
  await insert([evaluationOf()])
})

it('says why records were not stored, until some are', async () => {
  const { insert, fault, state } = startIngest()
  fault.error = new StoreError('unavailable', 'no')
  await expect(insert([evaluationOf()])).rejects.toBe(fault.error)
  expect(state().failed).toEqual({ error: fault.error, atMs: 7 })
  delete fault.error
  await insert([evaluationOf()])
  expect(state().failed).toBeUndefined()
})

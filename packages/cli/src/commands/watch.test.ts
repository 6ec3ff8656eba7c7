import type { Verdict } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { CommandError } from '../exit-codes.ts'
import { watch } from './watch.ts'

const limits = { for: 60_000, wait: 60_000, everyMs: 1 }
const waiting = { verdict: 'invalid', reasons: [{ code: 'no-data' }] } as unknown as Verdict
const interrupted = new CommandError('interrupted', 'stopped before the server answered')

function looks(verdicts: readonly Verdict[], stop: AbortController): () => Promise<Verdict> {
  const left = [...verdicts]
  return async () => {
    const next = left.shift()
    if (next) return next
    stop.abort()
    throw interrupted
  }
}

it('answers with the last look when it is stopped during the next', async () => {
  const stop = new AbortController()
  expect(await watch(looks([waiting], stop), limits, stop.signal, () => {})).toBe(waiting)
})

it('has no answer when it is stopped during the first look', async () => {
  const stop = new AbortController()
  await expect(watch(looks([], stop), limits, stop.signal, () => {})).rejects.toBe(interrupted)
})

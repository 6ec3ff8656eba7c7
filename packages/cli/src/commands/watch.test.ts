import type { Verdict } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { CommandError } from '../exit-codes.ts'
import { pauseAfter, watch } from './watch.ts'

const limits = { for: 60_000, wait: 60_000, everyMs: 1 }
const waiting = { verdict: 'invalid', reasons: [{ code: 'no-data' }] } as unknown as Verdict
const fail = { verdict: 'fail', reasons: [] } as unknown as Verdict
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

it('waits for the first data where there is none to judge yet', async () => {
  const stop = new AbortController()
  const early = async (): Promise<Verdict> => {
    throw new CommandError('no-data', 'counted no request')
  }
  const answers = [early, early, async () => fail]
  const shown: string[] = []
  expect(
    await watch(
      () => answers.shift()!(),
      limits,
      stop.signal,
      (line) => shown.push(line),
    ),
  ).toBe(fail)
  expect(shown).toEqual(['waiting for spans of both cohorts', 'waiting for spans of both cohorts'])
  await expect(watch(early, { ...limits, wait: 0 }, stop.signal, () => {})).rejects.toThrow('counted no request')
})

it.each([
  [60, 1_800_000, 15_000],
  [1500, 1_800_000, 30_000],
  [1790, 1_800_000, 15_000],
  [85_000, 604_800_000, 1_700_000],
])('after %i s of a window looks again no sooner than its length allows', (seconds, forMs, pauseMs) => {
  const judged = { verdict: 'inconclusive', window: { seconds } } as unknown as Verdict
  expect(pauseAfter(judged, forMs, 15_000)).toBe(pauseMs)
  expect(pauseAfter(waiting, forMs, 15_000)).toBe(15_000)
})

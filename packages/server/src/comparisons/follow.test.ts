import { expect, it } from 'vitest'
import { oneStore } from '../../../store/test/one-store.ts'
import { followed } from './follow.ts'
import { newHeld } from './held.ts'
import type { ComparisonState, RunEvent } from './state.ts'

const ownService = oneStore()

it('gives a client that reads slowly what has happened meanwhile from the store', async () => {
  const { store } = ownService()
  const state = { id: 'slow', state: 'running' } as unknown as ComparisonState
  const one = newHeld({ state, key: '', asked: {}, number: 0, letGo: 0 })
  const atMs = Date.now()
  const event = (number: number): RunEvent => ({
    number,
    at: new Date(atMs).toISOString(),
    told: { kind: 'look', look: { outcome: 'inconclusive', reason: `${number}`, progress: null } },
  })
  const happens = (number: number): void => {
    one.events.push(event(number))
    for (const listener of one.listeners) listener()
  }
  const over = new AbortController()
  const events = followed(one, store, { after: 0, stop: over.signal, closing: over.signal })
  for (const number of [1, 2, 3]) happens(number)
  expect((await events.next()).value).toEqual(event(1))
  // It was about to read the second one.
  const { told } = event(4)
  await store.comparisons.keep({
    comparison: 'slow',
    number: 4,
    atMs,
    kind: 'look',
    told: JSON.stringify(told),
    verdict: '',
  })
  one.events.splice(0)
  one.letGo = 5
  happens(6)
  const rest: unknown[] = []
  for await (const { number } of events) {
    rest.push(number)
    if (number === 6) over.abort()
  }
  expect(rest).toEqual([2, 3, 4, 6])
})

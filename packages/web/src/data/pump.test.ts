import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newPump } from './pump.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('runs what is wanted, and again what is wanted meanwhile, never twice at once', async () => {
  const ends: (() => void)[] = []
  const pump = newPump(() => new Promise<void>((resolve) => ends.push(resolve)), 1_000)
  pump.want()
  pump.want()
  await vi.advanceTimersByTimeAsync(0)
  expect(ends).toHaveLength(1)
  pump.want()
  pump.want(50)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(ends, 'while it runs').toHaveLength(1)
  ends[0]!()
  await vi.advanceTimersByTimeAsync(999)
  expect(ends, 'while it rests').toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(ends).toHaveLength(2)
  ends[1]!()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(ends, 'when nothing more is wanted').toHaveLength(2)
})

it('runs at the earliest moment that was asked for, and not at all once it is stopped', async () => {
  let runs = 0
  const pump = newPump(async () => void runs++, 0)
  pump.want(4_000)
  pump.want(2_000)
  pump.want(3_000)
  await vi.advanceTimersByTimeAsync(1_999)
  expect(runs).toBe(0)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(runs).toBe(1)
  pump.want(10)
  pump.stop()
  pump.want()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(runs).toBe(1)
})

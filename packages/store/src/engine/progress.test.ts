import { expect, it, vi } from 'vitest'
import type { Connections } from './connections.ts'
import { showingProgress } from './progress.ts'

const statements = { use: (_: string, work: () => unknown) => work() } as unknown as Connections

it('shows that a statement runs as long as it does, and nothing while none does', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  try {
    let shown = 0
    const { use } = showingProgress(statements, () => shown++)
    expect(shown).toBe(0)
    let end = (): void => {}
    const running = use('read', () => new Promise<void>((resolve) => (end = resolve)))
    expect(shown).toBe(1)
    vi.advanceTimersByTime(20_000)
    expect(shown).toBe(41)
    end()
    await running
    vi.advanceTimersByTime(60_000)
    expect(shown).toBe(41)
    for (let count = 0; count < 100; count++) await use('read', async () => undefined)
    expect(shown).toBe(42)
  } finally {
    vi.useRealTimers()
  }
})

it('is no part of the statement: one that cannot be shown runs all the same', async () => {
  const { use } = showingProgress(statements, () => {
    throw new Error('no such file')
  })
  expect(await use('read', async () => 1)).toBe(1)
})

import { expect, it } from 'vitest'
import { overload } from '../soak/overload.ts'

// The short form of `npm run soak`, whose bounds of time and memory a busy machine does not keep.
it('under more load than it takes, questions and attacks, a server loses nothing and ends when it is told to', async () => {
  const held = await overload({ seconds: 8, senders: 8, comparisons: 6, slowSenders: 8 })
  expect(held.acknowledged).toBeGreaterThan(0)
  expect(held).toMatchObject({ lost: 0, exit: { code: 0 } })
  // Too large, too many at once, or on its way out.
  expect(held.bombs[413]).toBeGreaterThan(0)
  expect(Object.keys(held.bombs).filter((status) => !['413', '429', '503'].includes(status))).toEqual([])
  expect(held.exit.ms).toBeLessThan(60_000)
})

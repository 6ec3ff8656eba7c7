import { expect, it } from 'vitest'
import { newHalfway } from './halfway.ts'

it('tells what was said in the middle of up to 256 ticks, and of more hardly before it', () => {
  const halfway = newHalfway()
  for (let count = 1; count <= 5_000; count += 1) {
    halfway.add(count * 5, -count)
    const told = halfway.told()
    const middle = Math.floor(count / 2)
    if (middle === 0) expect(told).toBeNull()
    else {
      const at = told!.tick / 5
      expect(told!.logE).toBe(-at)
      expect(at).toBeLessThanOrEqual(middle)
      expect(at).toBeGreaterThan(count < 256 ? middle - 1 : middle * (1 - 1 / 64))
    }
  }
})

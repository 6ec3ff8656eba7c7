import { expect, test } from 'vitest'
import { numbers } from '../../../test/reference/cases.ts'
import written from '../../../test/reference/numbers.json' with { type: 'json' }

test('what is done for speed gives the numbers that were written down, to 1e-9', () => {
  const now = numbers()
  expect(Object.keys(now)).toEqual(Object.keys(written))
  for (const [name, before] of Object.entries(written)) {
    now[name]!.forEach((value, at) => {
      const expected = before[at]!
      if (expected === null) expect(value, name).toBeNull()
      else expect(Math.abs(value! - expected), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))
    })
  }
})

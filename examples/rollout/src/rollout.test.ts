import { expect, it } from 'vitest'
import { hasHaproxy } from '../dist/haproxy.js'
import { run } from '../dist/run.js'

// A HAProxy where there is one, else the example's own.
const proxy = hasHaproxy() ? 'haproxy' : 'own'

it('a bad build is rolled back, and a good one is given to everybody though the server is killed', async () => {
  const { bad, good, told, backMs } = await run({ proxy, kills: true, usersPerSecond: 75, say: () => {} })
  expect(bad).toMatch(/is told to roll back: FAIL: .*\n.*rolls back to 0%\n.*is at 0%.*\n.*is rolled back\n/)
  expect(good).toMatch(/was not watched for a while: its stage starts anew/)
  expect(good).toMatch(/is completed: everybody has it/)
  if (proxy === 'haproxy') return
  // Nothing else was ever asked for, and what was under way was asked for again.
  expect(told).toEqual([30, 0, 30, 30, 100])
  // Well below a second, unless others keep the machine busy.
  expect(backMs).toBeLessThan(10_000)
})

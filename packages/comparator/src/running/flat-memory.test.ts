// Comparisons may run for days: what one holds does not grow with its ticks.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { factsOf, firstTick, trafficOf } from '../../test/slices.ts'
import { judgeToGoOn } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { atOnce } from '../steps.ts'

const ticksOfMinute = 12
const arm = (n: number) => ({ n, errors: 0.01, clientErrors: 0.03 })
const operations = Object.fromEntries(
  Array.from({ length: 40 }, (_, at) => [
    `GET /${at}`,
    { stable: arm(at < 4 ? 60 - 15 * at : 4), canary: arm(at < 4 ? 30 : 2) },
  ]),
)
const some = Array.from({ length: 20 }, (_, seed) => trafficOf({ ticks: 1, seed, operations }))

const tickAt = (at: number): Slice[] =>
  some[at % some.length]!.map((slice) => ({ ...slice, tick: firstTick + at * 5000 }))

it('a comparison of forty operations holds hardly more half an hour later', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const first = Array.from({ length: 60 }, (_, at) => tickAt(at)).flat()
  const { next } = atOnce(judgeToGoOn(first, defaultPolicy, factsOf(60)))
  first.length = 0
  let before = 0
  for (let at = 60; at < 52 * ticksOfMinute; at += 1) {
    if (at === 22 * ticksOfMinute) before = held()
    expect(next!.add(tickAt(at), [])).not.toBeNull()
  }
  const grownBy = held() - before
  // One that keeps what was served at each operation in each tick grows by more than a megabyte.
  expect(grownBy).toBeLessThan(600_000)
  expect(next).toBeDefined()
})

import { expect, it } from 'vitest'
import { World } from '../../test/world.ts'

/** A rollout at its first stage, which has been judged. */
async function atFirstStage(): Promise<World> {
  const world = new World()
  await world.begin()
  world.outcome = 'inconclusive'
  await world.settle()
  expect(world.controller.state()).toMatchObject({ stage: 1, comparison: '1-0-1000000' })
  return world
}

const goesBack = async (world: World): Promise<void> => {
  world.outcome = 'fail'
  await world.settle()
}

it('puts the canary where it should be when something else moved it, and judges anew', async () => {
  const world = await atFirstStage()
  world.percent = 0
  world.nowMs += 31_000
  await world.settle()
  expect(world.percent).toBe(10)
  expect(world.controller.state()).toMatchObject({ stage: 1, sinceMs: world.nowMs, judgings: 2 })
  expect(world.kept.map(({ event }) => event)).toContainEqual({
    kind: 'intent',
    to: 1,
    why: 'again',
    reason: 'it was found at 0%',
  })
})

it('keeps the canary from coming back for an hour after a rollout went back, also where that fails at first', async () => {
  const world = await atFirstStage()
  await goesBack(world)
  expect(world.controller.state().end).toBe('rolled-back')
  // As a proxy does that is reloaded.
  world.percent = 10
  world.mishap = 'fails'
  world.nowMs += 31_000
  await world.settle()
  expect(world.percent).toBe(10)
  world.mishap = 'none'
  world.nowMs += 6_000
  await world.settle()
  expect(world.percent).toBe(0)
  expect(world.controller.state().end).toBe('rolled-back')
  expect(world.controller.isDone()).toBe(false)
  world.nowMs += 3_600_000
  expect(world.controller.isDone()).toBe(true)
})

it('leaves the canary to the rollout that takes its place', async () => {
  const world = await atFirstStage()
  await world.controller.supersede('service.version=3')
  await world.settle()
  expect(world.controller.state()).toMatchObject({
    end: 'superseded',
    back: { reason: 'service.version=3 takes its place' },
  })
  expect([world.percent, world.controller.isDone()]).toEqual([0, true])
})

it('goes back though store and comparisons are gone, and tells the store when it is there again', async () => {
  const world = await atFirstStage()
  Object.assign(world, { isStoreDown: true, isGateDown: true })
  await world.controller.command('abort', { by: 'ada' })
  await world.settle()
  expect(world.percent).toBe(0)
  expect(world.kept.at(-1)?.event.kind).toBe('judging')
  world.isStoreDown = false
  await expect.poll(() => world.kept.at(-1)?.event.kind, { interval: 50 }).toBe('ended')
  expect(world.state()).toEqual(world.controller.state())
})

it('does not give the canary more while the store is gone', async () => {
  const world = await atFirstStage()
  world.outcome = 'pass'
  world.isStoreDown = true
  world.nowMs += 90_000
  await world.settle()
  expect(world.percent).toBe(10)
  world.isStoreDown = false
  await world.settle()
  expect(world.percent).toBe(50)
})

it.each(['abort', 'a FAIL'])('interrupts at %s a call that gives the canary more', async (what) => {
  const world = await atFirstStage()
  Object.assign(world, { outcome: 'pass', mishap: 'hangs' })
  world.nowMs += 90_000
  await world.settle(async () => {
    while (world.calls.at(-1)?.to !== 2) await Promise.resolve()
    world.mishap = 'none'
    if (what === 'abort') await world.controller.command('abort', { by: 'ada' })
    else world.outcome = 'fail'
  })
  expect(world.calls.map(({ to }) => to)).toEqual([1, 2, 0])
  // Not after it had timed out.
  expect(world.calls[2]!.atMs).toBe(world.calls[1]!.atMs)
})

it('waits at its deadline, and goes on when somebody says so, though nothing can be judged', async () => {
  const world = new World()
  await world.begin()
  world.isGateDown = true
  await world.settle()
  expect(world.controller.state()).toMatchObject({ stage: 1, comparison: null })
  world.nowMs += 601_000
  await world.settle()
  expect(world.controller.state().isHeld).toBe(true)
  await world.controller.command('advance', { by: 'ada' })
  await world.settle()
  expect(world.percent).toBe(50)
})

it('does not keep the canary from coming back any more once another rollout has it', async () => {
  const world = await atFirstStage()
  await goesBack(world)
  await world.controller.supersede('service.version=3')
  // As the next rollout gives it.
  world.percent = 10
  world.nowMs += 31_000
  await world.settle()
  expect([world.percent, world.controller.isMoving(), world.controller.isDone()]).toEqual([10, false, true])
})

it('takes back what is on its way to everybody', async () => {
  const world = await atFirstStage()
  world.outcome = 'pass'
  for (const stage of [2, 3]) {
    if (stage === 3) world.mishap = 'fails'
    await world.controller.command('advance', { by: 'ada' })
    await world.settle()
  }
  expect(world.controller.state()).toMatchObject({ stage: 2, target: 3 })
  world.mishap = 'none'
  await world.controller.command('abort', { by: 'ada' })
  await world.settle()
  expect([world.percent, world.controller.state().end]).toEqual([0, 'rolled-back'])
})

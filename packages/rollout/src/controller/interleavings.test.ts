import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plan, World } from '../../test/world.ts'
import { rolloutCommands } from '../machine/command.ts'

/** Everything works again, and somebody approves: it comes to its end. */
async function toItsEnd(world: World): Promise<void> {
  Object.assign(world, { isStoreDown: false, isGateDown: false, mishap: 'none', killAt: undefined, health: 1 })
  for (let rounds = 0; rounds < 60 && world.controller.state().end === null; rounds += 1) {
    await world.controller.command('resume', { by: null }).catch(() => undefined)
    await world.controller.command('approve', { by: null }).catch(() => undefined)
    await world.settle()
    world.nowMs += 81_000
  }
}

const ms = fc.constantFrom(0, 5_000, 30_000, 65_000, 400_000)

const action = fc.oneof(
  fc.record({ kind: fc.constant('time' as const), ms }),
  fc.record({
    kind: fc.constant('verdict' as const),
    outcome: fc.constantFrom('pass', 'pass', 'inconclusive', 'invalid', 'fail', null),
  }),
  fc.record({
    kind: fc.constant('command' as const),
    command: fc.constantFrom(...rolloutCommands),
    force: fc.boolean(),
    ms,
  }),
  fc.record({ kind: fc.constant('mishap' as const), mishap: fc.constantFrom('none', 'fails', 'fails-late', 'hangs') }),
  fc.record({ kind: fc.constant('kill' as const), operation: fc.nat(6), isDone: fc.boolean() }),
  fc.record({ kind: fc.constant('store' as const), isDown: fc.boolean() }),
  fc.record({ kind: fc.constant('gate' as const), isDown: fc.boolean() }),
  fc.record({ kind: fc.constant('drift' as const), percent: fc.constantFrom(0, 10, 50, 100) }),
  fc.record({ kind: fc.constant('health' as const), health: fc.constantFrom(1, 0.5, null) }),
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

async function act(world: World, one: Action): Promise<void> {
  switch (one.kind) {
    case 'time':
      world.nowMs += one.ms
      break
    case 'verdict':
      world.outcome = one.outcome
      break
    case 'command':
      world.nowMs += one.ms
      // While the actuator is called, if it is.
      await world.settle(() => world.controller.command(one.command, { by: 'ada', force: one.force }))
      return
    case 'mishap':
      world.mishap = one.mishap
      break
    case 'kill':
      world.killAt = { operation: world.operations + one.operation, isDone: one.isDone }
      break
    case 'store':
      world.isStoreDown = one.isDown
      break
    case 'gate':
      world.isGateDown = one.isDown
      break
    case 'drift':
      world.percent = one.percent
      break
    case 'health':
      world.health = one.health
  }
  await world.settle()
}

describe('whatever happens, in whatever order', () => {
  it('calls the actuator with nothing that it may not, and comes to its end', async () => {
    const ends: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const world = new World()
        await world.begin()
        for (const one of actions) {
          await act(world, one)
          world.mustBeSound()
        }
        world.outcome = 'pass'
        await toItsEnd(world)
        const { end } = world.controller.state()
        ends[String(end)] = (ends[String(end)] ?? 0) + 1
        expect(end).not.toBe(null)
        // A drift after the end of one that went back is found at the next look.
        world.nowMs += 31_000
        await world.settle()
        if (end === 'rolled-back') expect(world.percent).toBe(0)
        // What was given to everybody stays, whatever somebody does to it by hand.
        if (end === 'completed') expect(world.calls.at(-1)?.to).toBe(plan.stages.length)
        world.mustBeSound()
      }),
      { seed: 17, numRuns: 400 },
    )
    // Both ends are met often.
    expect(ends['completed']).toBeGreaterThan(20)
    expect(ends['rolled-back']).toBeGreaterThan(20)
  })
})

describe.each(['pass', 'fail'] as const)('a rollout that is to %s', (outcome) => {
  /** Runs it to its end, killed at an operation; gives what was asked for, without repetitions. */
  async function run(killAt?: World['killAt']): Promise<{ world: World; steps: number[] }> {
    const world = new World()
    world.killAt = killAt
    await world.begin()
    world.outcome = 'pass'
    await world.settle()
    world.nowMs += 81_000
    await world.settle()
    world.outcome = outcome
    await toItsEnd(world)
    const steps = world.calls.map(({ to }) => to).filter((to, at, all) => to !== all[at - 1])
    return { world, steps }
  }

  it('ends the same, killed before or after each write and each call of the actuator', async () => {
    const { world, steps } = await run()
    expect(world.operations).toBeGreaterThan(12)
    expect(steps).toEqual(outcome === 'pass' ? [1, 2, 3] : [1, 2, 0])
    for (let operation = 0; operation < world.operations; operation += 1)
      for (const isDone of [false, true]) {
        const killed = await run({ operation, isDone })
        expect([operation, isDone, killed.world.controller.state().end, killed.world.percent]).toEqual([
          operation,
          isDone,
          world.controller.state().end,
          world.percent,
        ])
        // Killed before the second stage it may fail at the first one.
        if (outcome === 'pass') expect(killed.steps).toEqual(steps)
        else
          expect([
            [1, 2, 0],
            [1, 0],
          ]).toContainEqual(killed.steps)
      }
  })
})

import { expect, it } from 'vitest'
import { parseRamp } from '../policy/ramp.ts'
import type { RolloutStage } from './plan.ts'
import { plannedRamp } from './planned-ramp.ts'

const stage = (changes: Partial<RolloutStage>): RolloutStage => ({
  hosts: null,
  percent: null,
  flag: null,
  bakeMs: 0,
  gate: 'pass',
  deadlineMs: 0,
  otherwise: 'hold',
  approve: false,
  ...changes,
})

it('is what a budget is looked at along, and ends with everybody', () => {
  const stages = [stage({ percent: 12.5, bakeMs: 1_800_000 }), stage({ percent: 100 })]
  expect(parseRamp(plannedRamp(stages)!)).toEqual([
    { share: 0.125, seconds: 1_800 },
    { share: 1, seconds: 0 },
  ])
  expect(plannedRamp([stages[0]!])).toBe('12.5%:1800s,100%')
})

it('is none of hosts, and none of a flag', () => {
  expect(plannedRamp([])).toBeUndefined()
  expect(plannedRamp([stage({ hosts: 1 }), stage({ percent: 100 })])).toBeUndefined()
  expect(plannedRamp([stage({ percent: 10, flag: 'new' })])).toBeUndefined()
})

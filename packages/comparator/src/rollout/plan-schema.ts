import { z } from 'zod'
import { expectedInstead, type PolicyProblem, problemsOf, unknownKey } from '../policy/policy-schema.ts'
import { actuatorInputSchema, actuatorKeys, actuatorKinds, actuatorSchema } from './actuator-schema.ts'
import type { ActuatorPlan, RolloutPlan, RolloutStage, StageGate, StageOtherwise } from './plan.ts'
import { lengthOfTime, share } from './plan-values.ts'
import { isTimeZone, parseTimeWindow } from './time-window.ts'

const minuteMs = 60_000
const usual = { bakeMs: 30 * minuteMs, deadlineMs: 120 * minuteMs }

const gate = z
  .enum(['pass', 'not-fail'])
  .describe(
    'What the comparison must say after the bake time: pass, or not-fail, which also accepts one that cannot tell yet. Default pass.',
  )
const otherwise = z
  .enum(['hold', 'roll back'])
  .describe('What happens if the gate is not open by the deadline. Default hold: wait for a person.')
const bake = lengthOfTime.describe('How long a stage is watched, at least. Default 30m.')
const deadline = lengthOfTime.describe('How soon after its start the gate of a stage must be open. Default 2h.')

const stage = z.strictObject({
  hosts: z.int().gt(0).optional().describe('How many hosts run the canary.'),
  share: share.optional().describe('The canary has this share of the traffic, such as 10%.'),
  flag: z.string().min(1).optional().describe('A flag is on for this share of its users: new-pricing=10%.'),
  bake: bake.optional(),
  gate: gate.optional(),
  deadline: deadline.optional(),
  otherwise: otherwise.optional(),
  approve: z.boolean().optional().describe('Whether a person has to approve before it goes on. Default false.'),
})

type StageInput = z.output<typeof stage>

const rollout = z.strictObject({
  stages: z.array(stage).min(1, 'expected at least one stage, such as { share: 10% }'),
  actuator: actuatorSchema.describe(`What moves the canary: one of ${actuatorKinds.join(', ')}.`),
  bake: bake.optional(),
  gate: gate.optional(),
  deadline: deadline.optional(),
  otherwise: otherwise.optional(),
  windows: z
    .array(z.string())
    .optional()
    .describe('When it may go on, such as Mon-Thu 09:00-16:00. It may roll back at any time.'),
  timeZone: z.string().optional().describe('The time zone of the windows, such as Europe/Berlin. Default UTC.'),
  healthFloor: share
    .optional()
    .describe('Never roll back to a stable of which less than this share of requests succeeds, such as 90%.'),
})

type RolloutInput = z.output<typeof rollout>
type Refuse = (path: readonly (string | number)[], message: string) => void

const planned = rollout.transform((read, context): RolloutPlan => {
  const refuse: Refuse = (path, message) =>
    context.addIssue({ code: 'custom', path: path.filter((key) => key !== ''), message })
  const stages = read.stages.map((one, at) =>
    stageOf(one, read, (message, key) => refuse(['stages', at, key], message)),
  )
  const windows = (read.windows ?? []).map((text, at) => {
    const window = parseTimeWindow(text)
    if (!window)
      refuse(['windows', at], `expected days and hours such as Mon-Thu 09:00-16:00, got ${JSON.stringify(text)}`)
    return window!
  })
  const timeZone = read.timeZone ?? 'UTC'
  if (!isTimeZone(timeZone))
    refuse(['timeZone'], `expected a time zone such as Europe/Berlin, got ${JSON.stringify(timeZone)}`)
  checkOrder(stages, refuse)
  checkActuator(stages, read.actuator, refuse)
  return { stages, actuator: read.actuator, windows, timeZone, healthFloor: read.healthFloor ?? null }
})

/** The schema of `rollout:` for editors. */
export const rolloutInputSchema: z.ZodType = z.strictObject({ ...rollout.shape, actuator: actuatorInputSchema })

/** The result of reading a `rollout:`: the plan, or its problems. */
export type RolloutRead =
  | { readonly kind: 'plan'; readonly plan: RolloutPlan }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }

/**
 * Reads the `rollout:` of a `coalmine.yaml` and fills in its defaults. `above` is its path in the file, for the problems.
 *
 * @example readRollout({ stages: [{ share: '10%' }, { share: '100%' }], actuator: { command: './move.sh' } })
 */
export function readRollout(value: unknown, above: PolicyProblem['path'] = []): RolloutRead {
  const read = planned.safeParse(value, { error: (issue) => expectedInstead(issue) })
  if (read.success) return { kind: 'plan', plan: read.data }
  return { kind: 'problems', problems: read.error.issues.flatMap((issue) => problemsAt(issue, above)) }
}

function problemsAt(issue: z.core.$ZodIssue, above: PolicyProblem['path']): PolicyProblem[] {
  const path = [...above, ...issue.path.filter((key): key is string | number => typeof key !== 'symbol')]
  if (issue.code === 'unrecognized_keys') {
    const [part, kind] = path.slice(above.length)
    const known =
      part === 'actuator' ? actuatorKeys(kind) : Object.keys(part === 'stages' ? stage.shape : rollout.shape)
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }))
  }
  if (issue.code === 'invalid_union') {
    const inside = issue.errors.find((issues) =>
      issues.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
    )
    const own = inside ?? issue.errors.at(0) ?? []
    return own.flatMap((one) => problemsAt({ ...one, path: [...issue.path, ...one.path] }, above))
  }
  return problemsOf(issue, above)
}

function stageOf(one: StageInput, above: RolloutInput, refuse: (message: string, key: string) => void): RolloutStage {
  const given = (['hosts', 'share', 'flag'] as const).filter((key) => one[key] !== undefined)
  if (given.length !== 1)
    refuse(`expected one of hosts, share, flag, got ${given.length === 0 ? 'none' : given.join(' and ')}`, '')
  const flag = one.flag === undefined ? null : flagOf(one.flag)
  if (one.flag !== undefined && !flag)
    refuse(`expected a flag and a share such as new-pricing=10%, got ${JSON.stringify(one.flag)}`, 'flag')
  const percent = flag?.percent ?? (one.share === undefined ? null : Math.round(one.share * 100_000) / 1000)
  if (percent === 100)
    for (const key of ['bake', 'gate', 'approve', 'deadline', 'otherwise'] as const)
      if (one[key] !== undefined) refuse('at 100% there is no stable left to compare with: leave it out', key)
  const gate: StageGate = one.gate ?? above.gate ?? 'pass'
  const bakeMs = one.bake ?? above.bake ?? usual.bakeMs
  const otherwise: StageOtherwise = (one.otherwise ?? above.otherwise) === 'roll back' ? 'roll-back' : 'hold'
  const deadlineMs = one.deadline ?? above.deadline ?? Math.max(usual.deadlineMs, 2 * bakeMs)
  if (percent !== 100 && deadlineMs < bakeMs)
    refuse(`expected at least the bake time of the stage (${bakeMs / 1000} s), got ${deadlineMs / 1000} s`, 'deadline')
  return {
    hosts: one.hosts ?? null,
    percent,
    flag: flag?.flag ?? null,
    bakeMs,
    gate,
    deadlineMs,
    otherwise,
    approve: one.approve ?? false,
  }
}

function flagOf(text: string): { readonly flag: string; readonly percent: number } | undefined {
  const match = /^([^=\s]+)=(\d+(?:\.\d{1,3})?)%$/.exec(text)
  const percent = Number(match?.[2])
  return match && percent > 0 && percent <= 100 ? { flag: match[1]!, percent } : undefined
}

function checkOrder(stages: readonly RolloutStage[], refuse: Refuse): void {
  for (const [at, { hosts, percent, flag }] of stages.entries()) {
    const before = stages[at - 1]
    if (!before) continue
    if (flag !== before.flag)
      refuse(
        ['stages', at],
        'expected the flag of the stage before, since a rollout moves one flag, or hosts and traffic',
      )
    if (hosts !== null && before.hosts === null)
      refuse(['stages', at], 'expected a share, since the stage before has one: hosts come first')
    const isMore =
      hosts !== null && before.hosts !== null
        ? hosts > before.hosts
        : percent === null || before.percent === null || percent > before.percent
    if (!isMore) refuse(['stages', at], 'expected more than in the stage before')
  }
}

function checkActuator(stages: readonly RolloutStage[], actuator: ActuatorPlan, refuse: Refuse): void {
  const ofFlags = actuator.kind === 'flagd' || actuator.kind === 'unleash' || actuator.kind === 'launchdarkly'
  if (ofFlags && stages.some(({ flag }) => flag === null))
    refuse(
      ['actuator', actuator.kind],
      'expected stages of a flag, such as { flag: new-pricing=10% }, since it moves flags',
    )
  if (actuator.kind === 'haproxy' && stages.some(({ flag }) => flag !== null))
    refuse(['actuator', 'haproxy'], 'expected stages of hosts or shares, since it moves traffic')
  const most = Math.max(...stages.map(({ hosts }) => hosts ?? 0))
  if (actuator.kind === 'haproxy' && most > actuator.canary.length)
    refuse(['actuator', 'haproxy', 'canary'], `expected at least ${most} servers, as a stage has so many hosts`)
}

import type { TimeWindow } from './time-window.ts'

/** What a stage requires of its comparison before the rollout goes on: a PASS, or no FAIL over the whole bake time. */
export type StageGate = 'pass' | 'not-fail'

/** What happens at a stage whose gate is still closed at its deadline: it waits for a person, or rolls back. */
export type StageOtherwise = 'hold' | 'roll-back'

/** The size of the canary: a number of hosts, a share of the traffic, or a share of a flag's users; zero may be given as both. */
export interface Amount {
  /** Number of hosts; null for a share. */
  readonly hosts: number | null
  /** Share from 0 to 100; null for a number of hosts. */
  readonly percent: number | null
  /** The flag whose users the share refers to; null for a share of traffic. */
  readonly flag: string | null
}

/** One stage of a rollout. Times are milliseconds. */
export interface RolloutStage extends Amount {
  /** The minimum time it is watched. */
  readonly bakeMs: number
  readonly gate: StageGate
  /** How long after its start the gate has to be open. */
  readonly deadlineMs: number
  readonly otherwise: StageOtherwise
  /** Whether a person has to approve before it goes on. */
  readonly approve: boolean
}

/** Runs a command. */
export interface CommandActuator {
  readonly kind: 'command'
  /** A shell command. */
  readonly run: string
  /** A command that prints the current amount: a number of hosts, or a share such as 10%. */
  readonly readBack: string | null
  readonly timeoutMs: number
}

/** Calls a URL. */
export interface WebhookActuator {
  readonly kind: 'webhook'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** A URL that answers with JSON containing `hosts` or `percent`. */
  readonly readBack: string | null
  readonly timeoutMs: number
}

/** Sets server weights through the socket of HAProxy. */
export interface HaproxyActuator {
  readonly kind: 'haproxy'
  /** A path, or host:port. */
  readonly socket: string
  readonly backend: string
  readonly stable: readonly string[]
  readonly canary: readonly string[]
  readonly timeoutMs: number
}

/** Writes the file that flagd reads. */
export interface FlagdActuator {
  readonly kind: 'flagd'
  readonly file: string
  /** The variant that grows. */
  readonly on: string
  readonly off: string
}

/** Changes a strategy in Unleash. */
export interface UnleashActuator {
  readonly kind: 'unleash'
  readonly url: string
  readonly token: string
  readonly project: string
  readonly environment: string
  /** The id of the strategy. */
  readonly strategy: string
  readonly timeoutMs: number
}

/** Changes the default rule of a LaunchDarkly flag. */
export interface LaunchDarklyActuator {
  readonly kind: 'launchdarkly'
  readonly url: string
  readonly token: string
  readonly project: string
  readonly environment: string
  /** The ids of the variations. */
  readonly on: string
  readonly off: string
  readonly contextKind: string
  readonly timeoutMs: number
}

/** The actuator that moves the canary, and how to reach it. Secrets are written as `$NAME` and stay in the environment. */
export type ActuatorPlan =
  | CommandActuator
  | WebhookActuator
  | HaproxyActuator
  | FlagdActuator
  | UnleashActuator
  | LaunchDarklyActuator

/** The rollout plan of a `coalmine.yaml`, with its defaults. */
export interface RolloutPlan {
  readonly stages: readonly RolloutStage[]
  readonly actuator: ActuatorPlan
  /** When it may go on; at any time if there are none. */
  readonly windows: readonly TimeWindow[]
  /** IANA time zone of the windows. */
  readonly timeZone: string
  /** The minimum success rate of stable, from 0 to 1, for the rollout to go back to it; null to always go back. */
  readonly healthFloor: number | null
}

/** The amount of a canary without traffic: no hosts and no share, in a rollout that uses both. */
export function nothingOf({ stages }: RolloutPlan): Amount {
  return {
    hosts: stages.some(({ hosts }) => hosts !== null) ? 0 : null,
    percent: stages.some(({ percent }) => percent !== null) ? 0 : null,
    flag: stages[0]!.flag,
  }
}

/** The canary's amount at a stage, counted from 1; stage 0 is no canary at all. */
export function amountAt(plan: RolloutPlan, stage: number): Amount {
  const found = plan.stages[stage - 1]
  return found ? { hosts: found.hosts, percent: found.percent, flag: found.flag } : nothingOf(plan)
}

/**
 * Formats an amount for people.
 *
 * @example amountText({ hosts: 1, percent: null, flag: null }) // '1 host'
 */
export function amountText({ hosts, percent, flag }: Amount): string {
  if (percent === null) return hosts === 1 ? '1 host' : `${hosts} hosts`
  return flag === null ? `${percent}%` : `${flag}=${percent}%`
}

/** Whether no stable is left to compare with. */
export function isWhole({ percent }: Amount): boolean {
  return percent === 100
}

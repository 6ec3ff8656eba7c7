import type { TimeWindow } from './time-window.ts'

/** What a stage asks of its comparison before the rollout goes on: a PASS, or that it has not failed over the whole bake time. */
export type StageGate = 'pass' | 'not-fail'

/** What happens at a stage whose gate has not opened by its deadline: it waits for a person, or goes back. */
export type StageOtherwise = 'hold' | 'roll-back'

/** How much of the canary there is: so many hosts, or a share of the traffic, or of a flag's users; nothing may be told as both. */
export interface Amount {
  /** Hosts; null where it is a share. */
  readonly hosts: number | null
  /** From 0 to 100; null where it is a number of hosts. */
  readonly percent: number | null
  /** The flag that the share is of; null where it is of traffic. */
  readonly flag: string | null
}

/** One stage of a rollout. Times are milliseconds. */
export interface RolloutStage extends Amount {
  /** How long it is watched at least. */
  readonly bakeMs: number
  readonly gate: StageGate
  /** By when, after its start, the gate has to be open. */
  readonly deadlineMs: number
  readonly otherwise: StageOtherwise
  /** Whether a person has to approve before it goes on. */
  readonly approve: boolean
}

/** Runs a command. */
export interface CommandActuator {
  readonly kind: 'command'
  /** For the shell. */
  readonly run: string
  /** Prints how much there is now: a number of hosts, or a share such as 10%. */
  readonly readBack: string | null
  readonly timeoutMs: number
}

/** Calls a URL. */
export interface WebhookActuator {
  readonly kind: 'webhook'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Answers with JSON that has `hosts` or `percent`. */
  readonly readBack: string | null
  readonly timeoutMs: number
}

/** Sets the weights of servers through the socket of a HAProxy. */
export interface HaproxyActuator {
  readonly kind: 'haproxy'
  /** A path, or host:port. */
  readonly socket: string
  readonly backend: string
  readonly stable: readonly string[]
  readonly canary: readonly string[]
  readonly timeoutMs: number
}

/** Writes the file that a flagd reads. */
export interface FlagdActuator {
  readonly kind: 'flagd'
  readonly file: string
  /** The variant that grows. */
  readonly on: string
  readonly off: string
}

/** Changes a strategy of an Unleash. */
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

/** What moves the canary, and how it is reached. Secrets are written as `$NAME`, and stay in the environment. */
export type ActuatorPlan =
  | CommandActuator
  | WebhookActuator
  | HaproxyActuator
  | FlagdActuator
  | UnleashActuator
  | LaunchDarklyActuator

/** A rollout as `coalmine.yaml` plans it, with its defaults. */
export interface RolloutPlan {
  readonly stages: readonly RolloutStage[]
  readonly actuator: ActuatorPlan
  /** When it may go on; always where there are none. */
  readonly windows: readonly TimeWindow[]
  /** Of the windows, as IANA names it. */
  readonly timeZone: string
  /** The share of stable's requests, from 0 to 1, that have to succeed for the rollout to go back to it; null where it always does. */
  readonly healthFloor: number | null
}

/** What a canary has when it has nothing: no hosts and no share, in a rollout that has both. */
export function nothingOf({ stages }: RolloutPlan): Amount {
  return {
    hosts: stages.some(({ hosts }) => hosts !== null) ? 0 : null,
    percent: stages.some(({ percent }) => percent !== null) ? 0 : null,
    flag: stages[0]!.flag,
  }
}

/** How much there is at a stage, counted from 1; 0 is nothing of the canary. */
export function amountAt(plan: RolloutPlan, stage: number): Amount {
  const found = plan.stages[stage - 1]
  return found ? { hosts: found.hosts, percent: found.percent, flag: found.flag } : nothingOf(plan)
}

/**
 * An amount as people write it.
 *
 * @example amountText({ hosts: 1, percent: null, flag: null }) // '1 host'
 */
export function amountText({ hosts, percent, flag }: Amount): string {
  if (percent === null) return hosts === 1 ? '1 host' : `${hosts} hosts`
  return flag === null ? `${percent}%` : `${flag}=${percent}%`
}

/** Whether nothing of stable is left to compare with. */
export function isWhole({ percent }: Amount): boolean {
  return percent === 100
}

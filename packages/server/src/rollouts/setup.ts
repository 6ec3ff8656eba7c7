import type { Config, RolloutBody, RolloutPlan } from '@coalmine/comparator'
import type { Environment } from '@coalmine/rollout'
import { parseRequest, selector, text } from '../compare/request.ts'
import { ServerError } from '../errors.ts'
import { refuseUnknown } from '../unknown-keys.ts'

/** Options for planning rollouts. Only the server's own file determines what moves a canary, never a request. */
export interface RolloutOptions {
  /** Reads the current `coalmine.yaml` of the server. */
  readonly config: () => Promise<Config>
  /** Holds the secrets of actuators, and is passed to commands. */
  readonly environment: Environment
}

/** A validated request for a rollout. */
export interface RolloutSetup {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly plan: RolloutPlan
  /** Further parameters of its comparisons. */
  readonly compared: Readonly<Record<string, unknown>>
}

/** Validates a request and fills it in from `coalmine.yaml`. Throws a ServerError of kind `usage`. */
export async function parseSetup(body: unknown, options: RolloutOptions | undefined): Promise<RolloutSetup> {
  if (!options)
    throw new ServerError(
      'usage',
      'this server cannot run rollouts: start it with coalmine serve, in a folder with a coalmine.yaml',
    )
  if (typeof body !== 'object' || body === null) throw new ServerError('usage', 'expected a JSON object with canary')
  const { service, stable, canary, ...unknown } = body as RolloutBody
  refuseUnknown(unknown, ['service', 'stable', 'canary'], { more: ': the rest is in coalmine.yaml' })
  const config = await options.config().catch((cause: Error) => {
    throw new ServerError('usage', cause.message, { cause })
  })
  if (!config.rollout)
    throw new ServerError(
      'usage',
      'the coalmine.yaml of the server has no rollout: write its stages there, and what moves the canary',
    )
  const setup = {
    service: text(service ?? config.service, 'service'),
    stable: selector(stable ?? config.stable, 'stable'),
    canary: selector(canary ?? config.canary, 'canary'),
    plan: config.rollout,
    compared: comparedOf(config),
  }
  if (setup.stable === setup.canary) throw new ServerError('usage', 'canary: expected a different build from stable')
  // Refuse now what a comparison would refuse at the first stage.
  parseRequest({ service: setup.service, stable: setup.stable, canary: setup.canary, ...setup.compared })
  return setup
}

function comparedOf({ policy, traffic, audience, scope }: Config): RolloutSetup['compared'] {
  // The expected split changes with the stage.
  const { split: _, ...judged } = policy
  return {
    policy: judged,
    ...(traffic !== undefined && { traffic }),
    ...(audience !== undefined && { audience: audience.split(',').map((one) => one.trim()) }),
    ...(scope !== undefined && { scope }),
  }
}

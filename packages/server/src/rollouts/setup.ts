import type { Config, RolloutBody, RolloutPlan } from '@coalmine/comparator'
import type { Environment } from '@coalmine/rollout'
import { parseRequest, selector, text } from '../compare/request.ts'
import { ServerError } from '../errors.ts'

/** How rollouts of a server are planned. What moves a canary is said by the server's own file alone, and never by a request. */
export interface RolloutOptions {
  /** Reads the server's `coalmine.yaml`, as it is now. */
  readonly config: () => Promise<Config>
  /** Where the secrets of actuators are, and what commands are run with. */
  readonly environment: Environment
}

/** A rollout that is asked for, once it is known to be sound. */
export interface RolloutSetup {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly plan: RolloutPlan
  /** What else its comparisons are asked with. */
  readonly compared: Readonly<Record<string, unknown>>
}

/** Reads what is asked for, and fills in what `coalmine.yaml` says. Throws a ServerError of kind `usage`. */
export async function parseSetup(body: unknown, options: RolloutOptions | undefined): Promise<RolloutSetup> {
  if (!options)
    throw new ServerError(
      'usage',
      'this server cannot run rollouts: start it with coalmine serve, in a folder with a coalmine.yaml',
    )
  if (typeof body !== 'object' || body === null) throw new ServerError('usage', 'expected a JSON object with canary')
  const { service, stable, canary, ...unknown } = body as RolloutBody
  const [stray] = Object.keys(unknown)
  if (stray !== undefined)
    throw new ServerError(
      'usage',
      `${stray}: unknown key; expected service, stable, canary: the rest is in coalmine.yaml`,
    )
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
  // What no comparison would take is said now, and not at the first stage.
  parseRequest({ service: setup.service, stable: setup.stable, canary: setup.canary, ...setup.compared })
  return setup
}

function comparedOf({ policy, traffic, audience, scope }: Config): RolloutSetup['compared'] {
  // The share changes with the stage.
  const { split: _, ...judged } = policy
  return {
    policy: judged,
    ...(traffic !== undefined && { traffic }),
    ...(audience !== undefined && { audience: audience.split(',').map((one) => one.trim()) }),
    ...(scope !== undefined && { scope }),
  }
}

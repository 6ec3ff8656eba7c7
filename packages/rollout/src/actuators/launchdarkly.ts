import type { LaunchDarklyActuator } from '@coalmine/comparator'
import { type Actuator, ActuatorError, isAbout } from './actuator.ts'
import { askJson } from './ask.ts'
import { type Environment, filled } from './environment.ts'

const wholeWeight = 100_000

interface Fallthrough {
  readonly variation?: number
  readonly rollout?: { readonly variations?: readonly { readonly variation: number; readonly weight: number }[] }
}

/** Sets the share of two variations in the default rule of a LaunchDarkly flag. */
export function launchDarklyActuator(plan: LaunchDarklyActuator, env: Environment): Actuator {
  const { url, token, project, environment, on, off, contextKind, timeoutMs } = plan
  const pathOf = (flag: string): string =>
    `${filled(url, env).replace(/\/+$/, '')}/api/v2/flags/${encodeURIComponent(project)}/${encodeURIComponent(flag)}`
  const asked = (signal: AbortSignal) => ({ headers: { authorization: filled(token, env) }, timeoutMs, signal, env })
  return {
    move: async ({ percent, flag }, { rollout, stage }, signal) => {
      const weight = Math.round((percent! * wholeWeight) / 100)
      await askJson(pathOf(flag!), {
        ...asked(signal),
        method: 'PATCH',
        headers: {
          ...asked(signal).headers,
          'content-type': 'application/json; domain-model=launchdarkly.semanticpatch',
        },
        body: {
          environmentKey: environment,
          comment: `coalmine rollout ${rollout}, stage ${stage}`,
          instructions: [
            {
              kind: 'updateFallthroughVariationOrRollout',
              rolloutContextKind: contextKind,
              rolloutWeights: { [on]: weight, [off]: wholeWeight - weight },
            },
          ],
        },
      })
      return ''
    },
    read: async ({ percent, flag }, _context, signal) => {
      const { variations, environments } = await askJson(
        `${pathOf(flag!)}?env=${encodeURIComponent(environment)}`,
        asked(signal),
      )
      const known = (Array.isArray(variations) ? variations : []) as readonly { readonly _id?: string }[]
      const at = known.findIndex(({ _id }) => _id === on)
      if (at < 0) throw new ActuatorError(`${flag} has no variation with the id ${on}`)
      const here = Object(Object(environments)[environment]) as {
        readonly on?: boolean
        readonly fallthrough?: Fallthrough
      }
      const weights = here.fallthrough?.rollout?.variations
      const weight = weights
        ? (weights.find(({ variation }) => variation === at)?.weight ?? 0)
        : here.fallthrough?.variation === at
          ? wholeWeight
          : 0
      // A flag that is switched off serves its off variation to everybody.
      const share = here.on === false ? 0 : (weight * 100) / wholeWeight
      return { matches: isAbout(share, percent!), text: here.on === false ? 'switched off' : `${share}%` }
    },
  }
}

import type { UnleashActuator } from '@coalmine/comparator'
import { type Actuator, ActuatorError, isAbout } from './actuator.ts'
import { askJson } from './ask.ts'
import { type Environment, filled } from './environment.ts'

/** Sets the share of a gradual rollout in Unleash. The whole strategy is sent back, because a PUT replaces it. */
export function unleashActuator(plan: UnleashActuator, env: Environment): Actuator {
  const { url, token, project, environment, strategy, timeoutMs } = plan
  const pathOf = (flag: string): string => {
    const parts = ['projects', project, 'features', flag, 'environments', environment, 'strategies', strategy]
    return `${filled(url, env).replace(/\/+$/, '')}/api/admin/${parts.map(encodeURIComponent).join('/')}`
  }
  const asked = (signal: AbortSignal) => ({ headers: { authorization: filled(token, env) }, timeoutMs, signal, env })
  return {
    move: async ({ percent, flag }, _context, signal) => {
      const path = pathOf(flag!)
      const { id: _, ...now } = await askJson(path, asked(signal))
      // Its API takes every parameter as text.
      const parameters = { ...Object(now['parameters']), rollout: String(percent) }
      await askJson(path, { ...asked(signal), method: 'PUT', body: { ...now, parameters } })
      return ''
    },
    read: async ({ percent, flag }, _context, signal) => {
      const { parameters } = await askJson(pathOf(flag!), asked(signal))
      const { rollout } = Object(parameters) as Record<string, unknown>
      if (rollout === undefined) throw new ActuatorError(`strategy ${strategy} of ${flag} is not a gradual rollout`)
      return { matches: isAbout(Number(rollout), percent!), text: `${rollout}%` }
    },
  }
}

import type { ActuatorPlan } from '@coalmine/comparator'
import type { Actuator } from './actuator.ts'
import { commandActuator } from './command.ts'
import type { Environment } from './environment.ts'
import { flagdActuator } from './flagd.ts'
import { haproxyActuator } from './haproxy.ts'
import { launchDarklyActuator } from './launchdarkly.ts'
import { unleashActuator } from './unleash.ts'
import { webhookActuator } from './webhook.ts'

/** Creates the actuator of a plan. Secrets are read from the environment at each call. */
export function newActuator(plan: ActuatorPlan, env: Environment): Actuator {
  switch (plan.kind) {
    case 'command':
      return commandActuator(plan, env)
    case 'webhook':
      return webhookActuator(plan, env)
    case 'haproxy':
      return haproxyActuator(plan, env)
    case 'flagd':
      return flagdActuator(plan, env)
    case 'unleash':
      return unleashActuator(plan, env)
    case 'launchdarkly':
      return launchDarklyActuator(plan, env)
  }
}

import type { WebhookActuator } from '@coalmine/comparator'
import { type Actuator, ActuatorError, readingOf } from './actuator.ts'
import { ask, askJson } from './ask.ts'
import { type Environment, filled, withoutSecrets } from './environment.ts'

/** Sends the wanted amount to a URL. */
export function webhookActuator({ url, headers, readBack, timeoutMs }: WebhookActuator, env: Environment): Actuator {
  const given = (): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value, env)]))
  return {
    move: async (amount, context, signal) => {
      const body = { ...context, ...amount }
      const asked = { method: 'POST', headers: given(), body, timeoutMs, signal, env } as const
      return withoutSecrets(await ask(filled(url, env), asked), env).slice(0, 200)
    },
    read: async (amount, _context, signal) => {
      if (readBack === null) return null
      const { hosts, percent } = await askJson(filled(readBack, env), { headers: given(), timeoutMs, signal, env })
      if (hosts === 0 || percent === 0) return readingOf('0', amount)
      if (amount.hosts !== null && typeof hosts === 'number') return readingOf(String(hosts), amount)
      if (amount.percent !== null && typeof percent === 'number') return readingOf(`${percent}%`, amount)
      throw new ActuatorError(`the answer of readBack has no number ${amount.hosts === null ? 'percent' : 'hosts'}`)
    },
  }
}

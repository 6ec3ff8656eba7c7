import { ActuatorError } from './actuator.ts'

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Replaces each `$NAME` in a text by the variable's value. Throws an ActuatorError that names a variable that is not set. */
export function filled(text: string, env: Environment): string {
  return text.replaceAll(/\$([A-Za-z_]\w*)/g, (_, name: string) => {
    const value = env[name]
    if (value !== undefined && value !== '') return value
    throw new ActuatorError(`$${name} is not set in the environment of the server`)
  })
}

const isSecret = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE/i
const shortest = 6
const longest = 2_000

/** Removes the environment's secrets from a text, and truncates it to a readable length. */
export function withoutSecrets(text: string, env: Environment): string {
  let told = text
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && value.length >= shortest && isSecret.test(name))
      told = told.replaceAll(value, `$${name}`)
  const line = told.trim()
  return line.length > longest ? `…${line.slice(-longest)}` : line
}

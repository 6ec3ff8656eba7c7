import { readFile, realpath } from 'node:fs/promises'
import type { FlagdActuator } from '@coalmine/comparator'
import { replaceFile } from '../replace-file.ts'
import { type Actuator, ActuatorError, isAbout } from './actuator.ts'
import { type Environment, filled } from './environment.ts'

type Json = Record<string, unknown>

/**
 * Writes a flag's share into the file that flagd reads, as the weights of its two variants in `fractional`. Everything else in
 * the file stays as it is, and the file is replaced atomically.
 */
export function flagdActuator({ file: named, on, off }: FlagdActuator, env: Environment): Actuator {
  return {
    move: async ({ percent, flag }) => {
      const file = filled(named, env)
      const path = await realpath(file).catch((error: NodeJS.ErrnoException) => {
        throw new ActuatorError(`${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
      })
      const content = await contentOf(path)
      const found = flagIn(content, flag!, file, [on, off])
      const rule = fractionalIn(found, [on, off])
      const weights: Record<string, number> = { [on]: weightOf(percent!), [off]: weightOf(100 - percent!) }
      // As long as the order stays the same, users who have the variant keep it as its share grows.
      if (rule) for (const arm of rule.arms) arm[1] = weights[arm[0]]!
      else if (isEmpty(found['targeting'])) found['targeting'] = newTargeting(on, off, weights)
      else
        throw new ActuatorError(
          `${file}: the targeting of ${flag} has rules and no fractional of ${on} and ${off}: add one where the rollout should act`,
        )
      await replaceFile(path, `${JSON.stringify(content, null, 2)}\n`).catch((error: Error) => {
        throw new ActuatorError(`${path} cannot be written: ${error.message}`)
      })
      return ''
    },
    read: async ({ percent, flag }) => {
      const file = filled(named, env)
      const rule = fractionalIn(flagIn(await contentOf(file), flag!, file, [on, off]), [on, off])
      if (!rule) return { matches: false, text: 'no fractional' }
      const sum = rule.arms.reduce((all, [, weight]) => all + weight, 0)
      const weight = rule.arms.find(([variant]) => variant === on)![1]
      const share = Math.round((weight / sum) * 100_000) / 1000
      return { matches: isAbout(share, percent!), text: `${share}%` }
    },
  }
}

async function contentOf(file: string): Promise<Json> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ActuatorError(`${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  try {
    return Object(JSON.parse(text)) as Json
  } catch (error) {
    throw new ActuatorError(`${file}: not JSON: ${(error as Error).message}`)
  }
}

function flagIn(content: Json, flag: string, file: string, variants: readonly string[]): Json {
  const found = (Object(content['flags']) as Json)[flag]
  if (typeof found !== 'object' || found === null) throw new ActuatorError(`${file}: it has no flag ${flag}`)
  const known = Object.keys(Object((found as Json)['variants']) as Json)
  const missing = variants.find((variant) => !known.includes(variant))
  if (missing === undefined) return found as Json
  throw new ActuatorError(`${file}: ${flag} has no variant ${missing}; it has ${known.join(', ')}`)
}

type Arm = [variant: string, weight: number]

/** The flag's only rule that splits its users between the variants. */
function fractionalIn(flag: Json, variants: readonly string[]): { readonly arms: Arm[] } | undefined {
  const found: { arms: Arm[] }[] = []
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const parts: unknown = (node as Json)['fractional']
    if (Array.isArray(parts)) {
      const arms = parts.filter((part): part is Arm => Array.isArray(part))
      const named = arms.map(([variant]) => variant)
      if (arms.length === 2 && variants.every((variant) => named.includes(variant))) {
        // An omitted weight is 1.
        for (const arm of arms) arm[1] ??= 1
        found.push({ arms })
      }
    }
    for (const inside of Object.values(node)) look(inside)
  }
  look(flag['targeting'])
  if (found.length > 1)
    throw new ActuatorError(
      `its targeting has ${found.length} fractionals of ${variants.join(' and ')}, and a rollout moves only one`,
    )
  return found[0]
}

const isEmpty = (targeting: unknown): boolean =>
  targeting === undefined || targeting === null || Object.keys(Object(targeting)).length === 0

function newTargeting(on: string, off: string, weights: Readonly<Record<string, number>>): Json {
  return {
    fractional: [{ cat: [{ var: '$flagd.flagKey' }, { var: 'targetingKey' }] }, [on, weights[on]], [off, weights[off]]],
  }
}

// Weights are integers with an arbitrary sum.
const weightOf = (percent: number): number => Math.round(percent * 1000)

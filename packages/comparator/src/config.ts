import { LineCounter, parseDocument } from 'yaml'
import { defaultPolicy, type PolicyInput, parsePolicy } from './policy.ts'
import { traffics } from './traffic.ts'

/** What a `coalmine.yaml` says: the comparison it is about, where given, and the policy. */
export interface Config {
  readonly service?: string
  readonly stable?: string
  readonly canary?: string
  /** `users`, `test` or `all`. */
  readonly traffic?: string
  /** Audiences, joined by commas. */
  readonly audience?: string
  readonly policy: PolicyInput
}

const names = ['service', 'stable', 'canary', 'traffic', 'audience'] as const

/**
 * Reads a `coalmine.yaml`.
 *
 * @throws {RangeError} naming file, line, key and what was expected.
 * @example parseConfig('service: checkout\nalpha: 0.01\n', 'coalmine.yaml').policy // { alpha: 0.01 }
 */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors[0]
  if (broken) throw new RangeError(`${file}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0]}`)
  const content: unknown = document.toJS() ?? {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new RangeError(`${file}: expected keys and values, such as "alpha: 0.05"`)
  }
  const { service, stable, canary, traffic, audience, ...policy } = content as Record<string, unknown>
  for (const [name, value] of Object.entries({ service, stable, canary, traffic, audience })) {
    if (value !== undefined && typeof value !== 'string') {
      throw new RangeError(`${place(name)}${name}: expected text, got ${JSON.stringify(value)}`)
    }
  }
  const keys = [...names, ...Object.keys(defaultPolicy)]
  for (const key of Object.keys(policy)) {
    if (!keys.includes(key))
      throw new RangeError(`${place(key)}${key}: unknown key; expected one of ${keys.join(', ')}`)
  }
  const result = parsePolicy(policy)
  if (result.kind === 'problems') {
    throw new RangeError(
      result.problems
        .map(({ path, message }) => `${place(...path)}${path.join('.') || 'coalmine.yaml'}: ${message}`)
        .join('\n'),
    )
  }
  if (traffic !== undefined && !traffics.some((known) => known === traffic))
    throw new RangeError(
      `${place('traffic')}traffic: expected one of ${traffics.join(', ')}, got ${JSON.stringify(traffic)}`,
    )
  const given = { service, stable, canary, traffic, audience } as Record<(typeof names)[number], string | undefined>
  const config: { -readonly [K in keyof Config]: Config[K] } = { policy: policy as PolicyInput }
  for (const name of names) if (given[name] !== undefined) config[name] = given[name]
  return config

  function place(...path: readonly (string | number)[]): string {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return `${file}:${lines.linePos(node.range[0]).line}: `
    }
    return `${file}: `
  }
}

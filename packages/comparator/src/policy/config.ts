import { LineCounter, parseDocument } from 'yaml'
import type { Slo } from '../budget/slo.ts'
import type { FlagRules } from '../flags/flag-rules.ts'
import type { RolloutPlan } from '../rollout/plan.ts'
import { readRollout } from '../rollout/plan-schema.ts'
import { comparisonKeys, comparisonSchema } from './config-schema.ts'
import { type FlagsInput, readFlags } from './flags-schema.ts'
import { type NotifyConfig, parseNotify } from './notify-schema.ts'
import { type Policy, type PolicyInput, parsePolicy } from './policy.ts'
import { type PolicyProblem, policyShape, problemsOf, unknownKey } from './policy-schema.ts'
import { readSlos, type SloInput } from './slo-schema.ts'

/** The comparison settings of a `coalmine.yaml`; absent where not given. */
interface ComparisonConfig {
  readonly service?: string
  readonly stable?: string
  readonly canary?: string
  /** `users`, `test` or `all`. */
  readonly traffic?: string
  /** Audiences, separated by commas. */
  readonly audience?: string
  /** `requests` or `downstream`. */
  readonly scope?: string
}

/** The content of a `coalmine.yaml`: the comparison, and the policy both as written and as parsed. */
export interface Config extends ComparisonConfig {
  readonly policy: PolicyInput
  /** The policy with its defaults filled in. */
  readonly parsed: Policy
  /** Who is notified of what, and where; absent if the file does not say. */
  readonly notify?: NotifyConfig
  /** How a new build is rolled out, stage by stage. */
  readonly rollout?: RolloutPlan
  /** Objectives whose error budgets are reported, if the file has any. */
  readonly slos?: readonly Slo[]
  /** The objectives as written, each with its service. */
  readonly slo?: readonly SloInput[]
  /** The name of an OpenSLO file that contains the objectives instead, as written. */
  readonly sloFile?: string
  /** The declarations about flags, with defaults; absent if the file has none. */
  readonly flagRules?: FlagRules
  /** The declarations about flags, as written. */
  readonly flags?: FlagsInput
}

/**
 * Reads a `coalmine.yaml`.
 *
 * @param checkSelector throws if a selector cannot be parsed; the comparator itself does not check selectors.
 * @throws {RangeError} with one line per problem: file, line, key and what was expected.
 * @example parseConfig('service: checkout\nalpha: 0.01\n', 'coalmine.yaml').policy // { alpha: 0.01 }
 */
export function parseConfig(
  text: string,
  file: string,
  checkSelector: (selector: string) => unknown = () => {},
): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    throw new RangeError(
      document.errors.map(({ pos, message }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`).join('\n'),
    )
  }
  const content: unknown = document.toJS() ?? {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new RangeError(`${file}: expected keys and values, such as "alpha: 0.05"`)
  }
  const { rollout, ...others } = content as Record<string, unknown>
  const { comparison, policy, notify, unknown } = parted(others)
  const rolledOut = rollout === undefined ? undefined : readRollout(rollout, ['rollout'])
  const { service, slo, flags } = content as Record<string, unknown>
  const declared = readFlags(flags)
  const objectives = readSlos(slo, typeof service === 'string' ? service : undefined)
  const named = comparisonSchema.safeParse(comparison)
  const judged = parsePolicy(policy)
  const told = notify === undefined ? undefined : parseNotify(notify)
  const problems: PolicyProblem[] = [
    ...unknown.map((key) => ({ path: [key], message: unknownKey(key, keys) })),
    ...(named.success ? [] : named.error.issues.flatMap((issue) => problemsOf(issue))),
    ...(judged.kind === 'problems' ? judged.problems : []),
    ...(told?.kind === 'problems' ? told.problems : []),
    ...(rolledOut?.kind === 'problems' ? rolledOut.problems : []),
    ...(objectives.kind === 'problems' ? objectives.problems : []),
    ...(declared.kind === 'problems' ? declared.problems : []),
    ...selectorsIn(content as Record<string, unknown>).flatMap(({ path, selector }) => {
      try {
        checkSelector(selector)
        return []
      } catch (error) {
        return [{ path, message: (error as Error).message }]
      }
    }),
  ]
  if (problems.length === 0 && judged.kind === 'policy') {
    return {
      ...(named.data as ComparisonConfig),
      policy: policy as PolicyInput,
      parsed: judged.policy,
      ...(told?.kind === 'notify' && { notify: told.notify }),
      ...(rolledOut?.kind === 'plan' && { rollout: rolledOut.plan }),
      ...(objectives.kind === 'slos' &&
        objectives.slos.length > 0 && { slos: objectives.slos, slo: objectives.inputs }),
      ...(objectives.kind === 'file' && { sloFile: objectives.file }),
      ...(flags !== undefined &&
        declared.kind === 'flags' && { flagRules: declared.rules, flags: flags as FlagsInput }),
    }
  }
  throw new RangeError(
    problems
      .map(({ path, message }) => ({ line: lineOf(path), text: `${path.join('.')}: ${message}` }))
      .sort((a, b) => a.line - b.line)
      .map(({ line, text }) => `${file}:${line}: ${text}`)
      .join('\n'),
  )

  function lineOf(path: PolicyProblem['path']): number {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
}

/** All selectors in the file that are strings. */
function selectorsIn({ stable, canary, metrics }: Readonly<Record<string, unknown>>): {
  readonly path: PolicyProblem['path']
  readonly selector: string
}[] {
  const found = [
    { path: ['stable'], selector: stable },
    { path: ['canary'], selector: canary },
    ...Object.entries(metrics ?? {}).flatMap(([name, entry]) =>
      ['calls', 'share'].map((key) => ({ path: ['metrics', name, key], selector: entry?.[key] })),
    ),
  ]
  return found.flatMap(({ path, selector }) => (typeof selector === 'string' ? [{ path, selector }] : []))
}

const policyKeys = Object.keys(policyShape)
const keys = [...comparisonKeys, ...policyKeys, 'notify', 'rollout', 'slo', 'flags']

function parted(content: Readonly<Record<string, unknown>>): {
  readonly comparison: object
  readonly policy: object
  readonly notify: unknown
  readonly unknown: readonly string[]
} {
  const only = (wanted: readonly string[]): object =>
    Object.fromEntries(Object.entries(content).filter(([key]) => wanted.includes(key)))
  const unknown = Object.keys(content).filter((key) => !keys.includes(key))
  return { comparison: only(comparisonKeys), policy: only(policyKeys), notify: content['notify'], unknown }
}

import {
  type Contrast,
  type Finding,
  type FlagContrasts,
  type Interaction,
  interactionsOf,
  notSeparable,
  type Policy,
  type Reason,
  type Verdict,
} from '@coalmine/comparator'
import { type Comparison, type Condition, type FlagShare, flagOf, formatSelector, parseSelector } from '@coalmine/store'
import type { Context } from '../context.ts'
import type { ComparisonRequest } from './compare.ts'
import { judgePart } from './part.ts'

/** Flags with the most traffic, beside those that the request names. */
const mostFlags = 5

/** A variant counts when both cohorts have at least a block of it. */
const enoughRequests = 100

/** No flag is begun after so long. */
const patienceMs = 5_000

/** The verdict with what carries a finding: the canary, one of the flags that both cohorts met, or only the two together. */
export async function interactionsOn(
  verdict: Verdict,
  finding: Finding,
  request: ComparisonRequest,
  context: Context,
): Promise<Verdict> {
  try {
    const interactions = await findInteractions(finding, request, context)
    return { ...verdict, interactions, reasons: [...verdict.reasons, ...notTold(request.interact, interactions)] }
  } catch (error) {
    const message = `Which flag has a part in it is not known: ${(error as Error).message.split('\n')[0]!.slice(0, 200)}`
    return { ...verdict, reasons: [...verdict.reasons, { code: 'interactions-not-known', weight: 'note', message }] }
  }
}

/** A note for each flag that was asked about in vain. */
function notTold(asked: readonly string[], interactions: readonly Interaction[]): Reason[] {
  return asked
    .filter((flag) => !interactions.some((one) => one.flag === flag))
    .map((flag) => ({
      code: 'interactions-not-known',
      weight: 'note',
      message: `What part flag ${flag} has cannot be told: it takes ${enoughRequests} requests of each cohort with each of two variants. "coalmine doctor" lists the flags that arrive.`,
    }))
}

async function findInteractions(
  finding: Finding,
  request: ComparisonRequest,
  context: Context,
): Promise<Interaction[]> {
  const operation = finding.operation === '(other)' ? null : finding.operation
  const focused: ComparisonRequest = {
    ...request,
    interact: [],
    operations: operation === null ? undefined : [operation],
    policy: onlyMetric(request.policy, finding.metric),
  }
  const shares = await context.store.flagsMet(focused satisfies Comparison)
  const flags = metFlags(
    shares.filter((share) => operation === null || share.operation === operation),
    [...parseSelector(request.stable), ...parseSelector(request.canary)].flatMap((one) => flagOf(one) ?? []),
  )
  const asked = flags.filter(({ flag }) => request.interact.includes(flag))
  const others = flags.filter(({ flag, requests }) => !request.interact.includes(flag) && requests >= enoughRequests)
  const wanted = [...asked, ...(finding.decision === 'fail' ? others.slice(0, mostFlags) : [])]
  const started = performance.now()
  const contrasts: FlagContrasts[] = []
  const apart: Interaction[] = []
  for (const met of wanted) {
    if (performance.now() - started > patienceMs) break
    const split = variantsOf(met)
    if (split.kind === 'vary') contrasts.push(await contrastsOf(met.flag, split.variants, focused, context))
    if (split.kind === 'apart') apart.push(notSeparable(met.flag, split.variants, request.canary, finding))
  }
  return [...interactionsOf(contrasts, { metric: finding.metric, operation }, request.policy.alpha), ...apart]
}

/** The policy with this metric alone, to be no worse than its margin. */
function onlyMetric(policy: Policy, metric: string): Policy {
  const metrics = policy.metrics
    .filter(({ name }) => name === metric)
    .map((one) => ({ ...one, expect: 'no-worse', gate: 'on' }) as const)
  return { ...policy, metrics }
}

interface MetFlag {
  readonly flag: string
  readonly requests: number
  readonly variants: ReadonlyMap<string, { readonly stable: number; readonly canary: number }>
}

/** The flags that requests met, most first, without those that the comparison is by. */
function metFlags(shares: readonly FlagShare[], compared: readonly string[]): MetFlag[] {
  const flags = new Map<string, Map<string, { stable: number; canary: number }>>()
  for (const { flag, variant, cohort, requests } of shares) {
    if (compared.includes(flag) || variant === '(mixed)') continue
    const variants = flags.get(flag) ?? new Map<string, { stable: number; canary: number }>()
    const counts = variants.get(variant) ?? { stable: 0, canary: 0 }
    counts[cohort] += requests
    flags.set(flag, variants.set(variant, counts))
  }
  return [...flags]
    .map(([flag, variants]) => ({
      flag,
      variants,
      requests: [...variants.values()].reduce((sum, { stable, canary }) => sum + stable + canary, 0),
    }))
    .sort((a, b) => b.requests - a.requests || (a.flag < b.flag ? -1 : 1))
}

type Split =
  | { readonly kind: 'vary' | 'apart'; readonly variants: readonly [string, string] }
  | { readonly kind: 'alike' }

/** Two variants that both cohorts met often enough, stable's first; or one that each cohort has to itself. */
function variantsOf({ variants }: MetFlag): Split {
  const total = (cohort: 'stable' | 'canary'): number =>
    [...variants.values()].reduce((sum, counts) => sum + counts[cohort], 0)
  const lean = (variant: string): number => {
    const { stable, canary } = variants.get(variant)!
    return canary / Math.max(1, total('canary')) - stable / Math.max(1, total('stable'))
  }
  const both = [...variants]
    .filter(([, { stable, canary }]) => Math.min(stable, canary) >= enoughRequests)
    .sort(([a, x], [b, y]) => y.stable + y.canary - x.stable - x.canary || (a < b ? -1 : 1))
    .slice(0, 2)
    .map(([variant]) => variant)
    .sort((a, b) => lean(a) - lean(b) || (a < b ? -1 : 1))
  if (both.length === 2) return { kind: 'vary', variants: both as [string, string] }
  const own = (cohort: 'stable' | 'canary'): string | undefined =>
    [...variants].find(([, counts]) => counts[cohort] >= 0.99 * total(cohort) && counts[cohort] >= enoughRequests)?.[0]
  const [stable, canary] = [own('stable'), own('canary')]
  if (stable === undefined || canary === undefined || stable === canary) return { kind: 'alike' }
  return { kind: 'apart', variants: [stable, canary] }
}

async function contrastsOf(
  flag: string,
  variants: readonly [string, string],
  request: ComparisonRequest,
  context: Context,
): Promise<FlagContrasts> {
  const metric = request.policy.metrics[0]!.name
  const contrast = async (stable: string, canary: string): Promise<Contrast> => {
    const { findings } = await judgePart({ ...request, stable, canary }, context)
    return {
      stable,
      canary,
      finding: findings.find((one) => one.metric === metric && one.scope === 'service') ?? null,
    }
  }
  const [first, second] = variants
  const stable = (variant: string): string => also(request.stable, flag, variant)
  const canary = (variant: string): string => also(request.canary, flag, variant)
  return {
    flag,
    variants,
    atFirst: await contrast(stable(first), canary(first)),
    atSecond: await contrast(stable(second), canary(second)),
    inStable: await contrast(stable(first), stable(second)),
    inCanary: await contrast(canary(first), canary(second)),
    inStableReversed: await contrast(stable(second), stable(first)),
    inCanaryReversed: await contrast(canary(second), canary(first)),
  }
}

/** A selector for those of its requests that met a variant of a flag. */
function also(selector: string, flag: string, variant: string): string {
  const condition: Condition = { from: 'span', key: `coalmine.flag.${flag}`, value: variant }
  return formatSelector([...parseSelector(selector), condition])
}

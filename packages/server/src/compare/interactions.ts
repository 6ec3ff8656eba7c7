import {
  enoughRequests,
  type Finding,
  type FlagTraffic,
  type Interaction,
  interactionsOf,
  metFlags,
  mostFlags,
  notSeparable,
  onlyMetric,
  type Reason,
  type Slice,
  type Verdict,
  variantsOf,
} from '@coalmine/comparator'
import { type Comparison, type Condition, flagOf, formatSelector, parseSelector } from '@coalmine/store'
import type { Context } from '../context.ts'
import { partSlices } from './part-slices.ts'
import type { ComparisonRequest } from './request.ts'

/** After this long no further flag is examined. */
const patienceMs = 5_000

/** Adds to a verdict what causes a finding: the canary, one of the flags that both cohorts met, or only the two together. */
export async function interactionsOn(
  verdict: Verdict,
  finding: Finding,
  request: ComparisonRequest,
  context: Context,
): Promise<Verdict> {
  try {
    const interactions = await findInteractions(finding, request, context)
    return { ...verdict, interactions, reasons: [...verdict.reasons, ...unknownParts(request.interact, interactions)] }
  } catch (error) {
    const message = `Cannot tell which flag plays a part: ${(error as Error).message.split('\n')[0]!.slice(0, 200)}`
    return { ...verdict, reasons: [...verdict.reasons, { code: 'interactions-not-known', weight: 'note', message }] }
  }
}

/** A note for each requested flag without an answer. */
function unknownParts(named: readonly string[], interactions: readonly Interaction[]): Reason[] {
  return named
    .filter((flag) => !interactions.some((one) => one.flag === flag))
    .map((flag) => ({
      code: 'interactions-not-known',
      weight: 'note',
      message: `Cannot tell what part flag ${flag} plays: that takes ${enoughRequests} requests of each cohort with each of two variants. "coalmine doctor" lists the flags that arrive.`,
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
  const shares = await context.store.cohorts.flagsMet(focused satisfies Comparison)
  const flags = metFlags(
    shares.filter((share) => operation === null || share.operation === operation),
    [...parseSelector(request.stable), ...parseSelector(request.canary)].flatMap((one) => flagOf(one) ?? []),
  )
  const named = flags.filter(({ flag }) => request.interact.includes(flag))
  const others = flags.filter(({ flag, requests }) => !request.interact.includes(flag) && requests >= enoughRequests)
  const wanted = [...named, ...(finding.decision === 'fail' ? others.slice(0, mostFlags) : [])]
  const started = performance.now()
  const traffic: FlagTraffic[] = []
  const apart: Interaction[] = []
  for (const met of wanted) {
    if (performance.now() - started > patienceMs) break
    const split = variantsOf(met)
    if (split.kind === 'vary') traffic.push(await trafficOf(met.flag, split.variants, focused, context))
    if (split.kind === 'apart') apart.push(notSeparable(met.flag, split.variants, request.canary, finding))
  }
  return [...interactionsOf(traffic, { ...finding, operation }, focused.policy.metrics[0]!), ...apart]
}

async function trafficOf(
  flag: string,
  variants: readonly [string, string],
  request: ComparisonRequest,
  context: Context,
): Promise<FlagTraffic> {
  const withVariant = async (variant: string): Promise<Slice[]> =>
    partSlices(
      { ...request, stable: also(request.stable, flag, variant), canary: also(request.canary, flag, variant) },
      context,
    )
  const [first, second] = variants
  return { flag, variants, slices: await Promise.all([withVariant(first), withVariant(second)]) }
}

/** Narrows a selector to requests that met a variant of a flag. */
function also(selector: string, flag: string, variant: string): string {
  const condition: Condition = { from: 'span', key: `coalmine.flag.${flag}`, value: variant }
  return formatSelector([...parseSelector(selector), condition])
}

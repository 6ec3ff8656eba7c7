import { eBenjaminiHochberg, oddsRatioProcess } from '@coalmine/stats'
import type { ErrorTypeTick, Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { count, counted, rounded } from '../numbers.ts'
import { marginIn } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'

/**
 * An error type of the canary (`error.type`, `exception.type`, or else the status code), or a code
 * of client errors.
 */
export interface ErrorType {
  readonly type: string
  /** Traces that had it. */
  readonly stable: number
  readonly canary: number
  /** The canary's operations that have it, those with the most first. */
  readonly operations: readonly string[]
  /** Whether stable has none. */
  readonly new: boolean
  /** Whether the canary has more of it than the errors margin allows, at the policy's alpha over all types together. */
  readonly more: boolean
  /** Logarithm of the e-value for that increase. */
  readonly logE: number
}

/**
 * The canary's error types, those with the most evidence first: each is tested by the odds-ratio e-process inside ticks and
 * operations, and e-BH selects which to report, so that few of those reported are due to chance, whatever their number.
 */
export function errorTypesOf({ errorTypes = [] }: Pick<Facts, 'errorTypes'>, policy: Policy): ErrorType[] {
  return typesOf(errorTypes, 'errors', policy)
}

/** The codes of the canary's client errors, tested the same way: `type` is `HTTP 404`, or `gRPC UNAUTHENTICATED`. */
export function clientCodesOf({ clientCodes = [] }: Pick<Facts, 'clientCodes'>, policy: Policy): ErrorType[] {
  return typesOf(clientCodes, 'client-errors', policy)
}

type Failures = 'errors' | 'client-errors'

function typesOf(errorTypes: readonly ErrorTypeTick[], metric: Failures, policy: Policy): ErrorType[] {
  const ticksOf = new Map<string, ErrorTypeTick[]>()
  for (const one of errorTypes) ticksOf.set(one.type, [...(ticksOf.get(one.type) ?? []), one])
  const found = [...ticksOf].map(([type, ticks]) => ({
    type,
    ticks,
    logE: evidenceOf(ticks, allowedBy(policy, metric)),
  }))
  const more = eBenjaminiHochberg(
    found.map(({ logE }) => logE),
    policy.alpha,
  )
  return found
    .map(({ type, ticks, logE }, at): ErrorType => {
      const [stable, canary] = [total(ticks, 'stable'), total(ticks, 'canary')]
      const operations = operationsOf(ticks)
      return { type, stable, canary, operations, new: stable === 0, more: more[at]!, logE: rounded(logE) }
    })
    .filter(({ canary }) => canary > 0)
    .sort((a, b) => b.logE - a.logE || b.canary - a.canary || (a.type < b.type ? -1 : 1))
}

/** Error types, and codes of client errors. */
export type TypesByMetric = Readonly<Record<Failures, readonly ErrorType[]>>

const shownTypes = 3
/** The type of failures whose spans say no type, no exception and no status. */
const notSaid = '(not said)'

/** Reasons for types that are new in the canary, beyond chance. */
export function errorTypeReasons(types: readonly ErrorType[]): Reason[] {
  const fresh = types.filter((one) => one.new && one.more)
  if (fresh.length === 0) return []
  const named = fresh
    .slice(0, shownTypes)
    .map((one) => `${one.type === notSaid ? 'errors that name no type' : one.type} (${placeOf(one)})`)
  const more = fresh.length - named.length
  return [
    {
      code: 'new-error-type',
      weight: 'note',
      message: `New errors, which stable does not have: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    },
  ]
}

/** An addition to a failed finding on errors or client errors: the type, or the code, that increased. */
export function errorTypePhrase(
  { decision, metric }: Pick<Finding, 'decision' | 'metric'>,
  operations: ReadonlySet<string>,
  { errors, 'client-errors': codes }: TypesByMetric,
): string {
  if (decision !== 'fail' || (metric !== 'errors' && metric !== 'client-errors')) return ''
  const types = metric === 'errors' ? errors : codes
  const one = types.find((type) => type.more && type.operations.some((operation) => operations.has(operation)))
  return one && one.type !== notSaid
    ? ` Mostly ${one.type}: ${count(one.canary)} in canary, ${one.new ? 'none' : count(one.stable)} in stable.`
    : ''
}

function placeOf({ canary, operations }: ErrorType): string {
  const others = operations.length - 1
  return `${counted(canary, 'request')} of ${operations[0]}${others > 0 ? ` and ${counted(others, 'other operation')}` : ''}`
}

/** A tick without the type carries no evidence, so the ticks that have it are enough. */
function evidenceOf(ticks: readonly ErrorTypeTick[], oddsRatio: number): number {
  const process = oddsRatioProcess({ alternative: 'greater', oddsRatio })
  const order = (a: ErrorTypeTick, b: ErrorTypeTick): number =>
    a.tick - b.tick || (a.operation < b.operation ? -1 : a.operation > b.operation ? 1 : 0)
  for (const block of [...ticks].sort(order)) process.add(block)
  return process.logE
}

function allowedBy({ metrics }: Policy, metric: Failures): number {
  const errors = metrics.find(({ measure }) => measure.kind === metric)
  return errors ? marginIn('rate', errors).oddsRatio : 1
}

function operationsOf(ticks: readonly ErrorTypeTick[]): string[] {
  const counts = new Map<string, number>()
  for (const { operation, canary } of ticks)
    if (canary.events > 0) counts.set(operation, (counts.get(operation) ?? 0) + canary.events)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([operation]) => operation)
}

function total(ticks: readonly ErrorTypeTick[], arm: 'stable' | 'canary'): number {
  return ticks.reduce((sum, one) => sum + one[arm].events, 0)
}

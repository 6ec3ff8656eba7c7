import type { Params } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { type Condition, flagOf, parseSelector } from '../selector.ts'

/**
 * A custom measure of a comparison: one value per trace and operation, reduced from raw spans. `attribute` is a number on
 * the entry span; `share` whether a selector matches the entry span; `calls` how many other spans of the service below it
 * a selector matches. If a trace has several entry spans at an operation, the value is the sum of their numbers if `reduce`
 * says so, otherwise the largest.
 */
export type Measure =
  | { readonly kind: 'attribute'; readonly key: string; readonly reduce: 'sum' | 'max' }
  | { readonly kind: 'share'; readonly of: string }
  | { readonly kind: 'calls'; readonly of: string }

/** Parameters of the statement, and the order of its histograms. */
interface MeasureParams {
  readonly params: Params
  readonly order: readonly number[]
}

/**
 * Parses the selectors of measures. They match spans by their own attributes or, if these lack a key, the resource's,
 * and by `span.name` and `span.kind` (server, client, internal, producer, consumer).
 *
 * Throws a StoreError of kind `usage` that says which part is wrong.
 *
 * @example measureParams([{ kind: 'calls', of: 'db.system.name=postgresql' }]).order // [0]
 */
export function measureParams(measures: readonly Measure[]): MeasureParams {
  const attributes = measures.filter((measure) => measure.kind === 'attribute')
  const shares = measures.filter((measure) => measure.kind === 'share')
  const calls = measures.filter((measure) => measure.kind === 'calls')
  if (calls.length > mostCalls)
    throw new StoreError('usage', `expected at most ${mostCalls} measures of calls, got ${calls.length}`)
  const chosen = [...shares, ...calls].map(conditionsOf)
  const ofShares = chosen.slice(0, shares.length)
  const ofCalls = chosen.slice(shares.length)
  const inStatement: readonly Measure[] = [...attributes, ...shares, ...calls]
  return {
    params: {
      attributes: attributes.map(({ key }) => key),
      shares: ofShares.map(asked),
      sharesNot: ofShares.map(refused),
      calls: ofCalls.map(asked),
      callsNot: ofCalls.map(refused),
      reduces: inStatement.map((measure) => (measure.kind === 'attribute' ? measure.reduce : 'max')),
    },
    order: measures.map((measure) => inStatement.indexOf(measure)),
  }
}

// The statement marks a span with one bit for each.
const mostCalls = 64

function conditionsOf({ kind, of }: Extract<Measure, { of: string }>): Condition[] {
  const conditions = parseSelector(of)
  if (conditions.some(({ from }) => from === 'resource'))
    throw new StoreError(
      'usage',
      `${kind} of "${of}": leave out "resource:"; a key that a span lacks is its resource's`,
    )
  if (kind === 'calls' && conditions.some((condition) => flagOf(condition) !== undefined))
    throw new StoreError('usage', `calls of "${of}": a flag selects requests, not the calls that they make`)
  return conditions
}

const asked = (conditions: readonly Condition[]) => conditions.filter(({ negated }) => !negated).map(pairOf)

const refused = (conditions: readonly Condition[]) => conditions.filter(({ negated }) => negated).map(pairOf)

const pairOf = ({ key, value }: Condition) => ({ tuple: [key, value] })

import type { MarginForm } from './margin.ts'

/** What a metric's values are. */
export type Measure =
  | { readonly kind: 'latency' }
  | { readonly kind: 'errors' }
  /** Answers that blame whoever asked: HTTP 4xx, and the codes of gRPC that are no fault of the server's. */
  | { readonly kind: 'client-errors' }
  /** Errors below a request, or exceptions in it, of which the answer shows nothing. */
  | { readonly kind: 'inner-errors' }
  | { readonly kind: 'lost-requests' }
  | { readonly kind: 'throughput' }
  /** A numeric span attribute (cost, bytes, tokens): one value for a trace and operation. */
  | { readonly kind: 'attribute'; readonly key: string; readonly reduce: 'sum' | 'max' }
  /** Spans of the trace, in this service and below its entry span, that a selector chooses: queries, retries, fan-out. */
  | { readonly kind: 'calls'; readonly of: string }
  /** Requests that have a span which a selector chooses: any attribute that is there or not. */
  | { readonly kind: 'share'; readonly of: string }

/** Metrics that have a name of their own and need nothing to be said about what they measure. */
type BuiltIn = Exclude<Measure['kind'], 'attribute' | 'calls' | 'share'>

/** The metrics that need no word of what they measure, by their names. */
export const builtIns: readonly BuiltIn[] = [
  'latency',
  'errors',
  'client-errors',
  'inner-errors',
  'lost-requests',
  'throughput',
]

const oldNames: ReadonlyMap<string, BuiltIn> = new Map([['4xx', 'client-errors']])

/**
 * The name that a metric has today: what policies were written with before goes on meaning the same.
 *
 * @example metricNameOf('4xx') // 'client-errors'
 */
export function metricNameOf(written: string): string {
  return oldNames.get(written) ?? written
}

/** Whether a name is that of a metric which is built in. */
export function isBuiltIn(name: string): name is BuiltIn {
  return (builtIns as readonly string[]).includes(name)
}

/** How a margin for this kind of measure is written. */
export function marginFormOf({ kind }: Measure): MarginForm {
  switch (kind) {
    case 'latency':
      return 'latency'
    case 'errors':
    case 'client-errors':
    case 'inner-errors':
    case 'share':
      return 'rate'
    case 'lost-requests':
    case 'throughput':
      return 'loss'
    case 'attribute':
    case 'calls':
      return 'ratio'
  }
}

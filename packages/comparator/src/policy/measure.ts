import type { MarginForm } from './margin.ts'

/** What a metric measures. */
export type Measure =
  | { readonly kind: 'latency' }
  | { readonly kind: 'errors' }
  /** Responses that blame the client: HTTP 4xx, and the gRPC codes that are not the server's fault. */
  | { readonly kind: 'client-errors' }
  /** Errors below a request, or exceptions in it, that its response does not show. */
  | { readonly kind: 'inner-errors' }
  | { readonly kind: 'lost-requests' }
  | { readonly kind: 'throughput' }
  /** A numeric span attribute (cost, bytes, tokens): one value per trace and operation. */
  | { readonly kind: 'attribute'; readonly key: string; readonly reduce: 'sum' | 'max' }
  /** Spans of the trace in this service, below its entry span, that match a selector: queries, retries, fan-out. */
  | { readonly kind: 'calls'; readonly of: string }
  /** Requests with a span that matches a selector. */
  | { readonly kind: 'share'; readonly of: string }

/** Built-in metrics: the name alone says what they measure. */
type BuiltIn = Exclude<Measure['kind'], 'attribute' | 'calls' | 'share'>

/** The names of the built-in metrics. */
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
 * The current name of a metric, so that policies written with an old name keep their meaning.
 *
 * @example metricNameOf('4xx') // 'client-errors'
 */
export function metricNameOf(written: string): string {
  return oldNames.get(written) ?? written
}

/** Whether a name is that of a built-in metric. */
export function isBuiltIn(name: string): name is BuiltIn {
  return (builtIns as readonly string[]).includes(name)
}

/** The form of the margin for this kind of measure. */
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

import { type Bad, type Exemplars, explanationsOf, type Finding, type Verdict } from '@coalmine/comparator'
import type { Exemplar } from '@coalmine/store'
import type { Context } from '../context.ts'
import type { ComparisonRequest } from './request.ts'

/** Adds to a verdict the attributes that explain a failed finding, and traces to look at. */
export async function whyOn(
  verdict: Verdict,
  finding: Finding,
  request: ComparisonRequest,
  { store }: Context,
): Promise<Verdict> {
  const bad = badOf(finding, request)
  if (!bad) return verdict
  const { metric } = finding
  const operation = finding.operation === '(other)' ? null : finding.operation
  try {
    const { slowFromSeconds, all, attributes, exemplars } = await store.spans.suspects(request, operation, bad)
    const why = {
      metric,
      operation,
      bad,
      slowFromSeconds: bad === 'slow' ? slowFromSeconds : null,
      examined: attributes.length,
      attributes: explanationsOf(attributes, all, bad, request.policy.alpha),
    }
    const shown: Exemplars = {
      metric,
      operation,
      stable: exemplars.stable.map(exemplarOf),
      canary: exemplars.canary.map(exemplarOf),
    }
    return { ...verdict, why, exemplars: shown }
  } catch (error) {
    const message = `Cannot tell which attributes explain it: ${firstLine(error as Error)}`
    return { ...verdict, reasons: [...verdict.reasons, { code: 'why-not-known', weight: 'note', message }] }
  }
}

/** What makes a single request bad by the finding's metric; undefined if the metric does not say. */
function badOf({ metric }: Finding, { policy }: ComparisonRequest): Bad | undefined {
  switch (policy.metrics.find(({ name }) => name === metric)?.measure.kind) {
    case 'latency':
      return 'slow'
    case 'errors':
      return 'failed'
    case 'client-errors':
      return 'client-error'
    default:
      return undefined
  }
}

// Only the first line: an engine that refuses a statement quotes it.
const firstLine = ({ message }: Error): string => message.split('\n')[0]!.slice(0, 200)

const exemplarOf = ({ traceId, startMs, seconds }: Exemplar): Exemplars['stable'][number] => ({
  traceId,
  start: new Date(startMs).toISOString(),
  seconds,
})

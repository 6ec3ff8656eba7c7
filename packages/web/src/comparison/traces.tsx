import type { VNode } from 'preact'
import { Numbers, useWidth } from '../charts/frame.tsx'
import { useAnswer } from '../data/answer.ts'
import { latency } from '../data/format.ts'
import type { Trace, Traces as TracePairs, TraceSpan } from '../data/model.ts'
import { useHere } from '../data/place.ts'
import { Section } from './section.tsx'

interface Props {
  readonly traces: TracePairs
  readonly note: string
}

/** A trace of each cohort side by side on the same time scale, marking spans that only one of them has. */
export function Traces({ traces, note }: Props): VNode | null {
  const here = useHere()
  const pairs = Math.max(traces.stable.length, traces.canary.length)
  if (pairs === 0) return null
  const at = Math.min(pairs - 1, Math.max(0, Number(here.chosen['trace'] ?? 1) - 1 || 0))
  const [stable, canary] = [traces.stable[at] ?? traces.stable[0], traces.canary[at] ?? traces.canary[0]]
  const longest = Math.max(lengthOf(stable), lengthOf(canary))
  return (
    <Section id="traces" title="Traces side by side" note={note}>
      <fieldset class="choices" aria-label="Which traces">
        {Array.from({ length: pairs }, (_, place) => (
          <button
            key={place}
            type="button"
            aria-pressed={place === at}
            onClick={() => here.choose({ trace: String(place + 1) })}
          >
            Pair {place + 1}
          </button>
        ))}
      </fieldset>
      <div class="pair">
        {stable && <Waterfall arm="stable" trace={stable} other={canary} longest={longest} />}
        {canary && <Waterfall arm="canary" trace={canary} other={stable} longest={longest} />}
      </div>
    </Section>
  )
}

/** The same if nothing failed: traces are searched for when the reader asks. */
export function AskedTraces({ id, operation }: { id: string; operation: string | null }): VNode {
  const here = useHere()
  const isAsked = here.chosen['traces'] === '1'
  const query = operation === null ? '' : `?operation=${encodeURIComponent(operation)}`
  const path = `/api/comparisons/${encodeURIComponent(id)}/traces${query}`
  const { answer, trouble } = useAnswer<TracePairs>(isAsked ? path : undefined, undefined)
  const where = operation === null ? 'the service' : operation
  if (answer && answer.stable.length + answer.canary.length > 0)
    return (
      <Traces traces={answer} note={`From ${where}: traces about as long as the 95th percentile of each cohort.`} />
    )
  return (
    <Section id="traces" title="Traces side by side">
      {answer && <p>No traces of either cohort are stored any longer.</p>}
      {trouble && trouble.kind !== 'login' && (
        <p role="alert">{trouble.kind === 'refused' ? trouble.message : 'The server does not answer.'}</p>
      )}
      {isAsked && !answer && !trouble && <p class="quiet">Looking for traces…</p>}
      {!isAsked && (
        <button type="button" onClick={() => here.choose({ traces: '1' })}>
          Show traces of {where}
        </button>
      )}
    </Section>
  )
}

const rowHeight = 22
// For a sans-serif at 12 px.
const charWidth = 6.8
const boldWidth = 7.6

const differenceWords = { new: 'only in this one', slower: 'more than 1.5 times as long', none: '' } as const

interface WaterfallProps {
  readonly arm: 'stable' | 'canary'
  readonly trace: Trace
  readonly other: Trace | undefined
  readonly longest: number
}

function Waterfall({ arm, trace, other, longest }: WaterfallProps): VNode {
  const tables = useHere().chosen['tables'] === '1'
  const { ref, width } = useWidth(420)
  const spans = nested(trace.spans)
  const elsewhere = new Map<string, number>()
  for (const span of other?.spans ?? []) elsewhere.set(keyOf(span), Math.max(elsewhere.get(keyOf(span)) ?? 0, span.ms))
  const first = Math.min(...trace.spans.map(({ startMs }) => startMs))
  const labels = Math.min(220, width * 0.45)
  const scale = (ms: number): number => (ms / longest) * (width - labels - 64)
  return (
    <figure class="waterfall">
      <figcaption>
        <strong>{arm}</strong> {latency(trace.seconds)} <code>{trace.traceId}</code>
      </figcaption>
      {trace.spans.length === 0 && <p>The spans of this trace are no longer stored.</p>}
      <div ref={ref}>
        <svg
          role="img"
          width={width}
          height={spans.length * rowHeight + 4}
          aria-label={`Trace of ${arm}: ${spans.length} spans in ${latency(trace.seconds)}`}
        >
          {spans.map(({ span, depth, isElsewhere }, at) => {
            const y = at * rowHeight
            const difference = differenceOf(span, elsewhere)
            return (
              <g key={span.spanId} class={`bar ${span.failed ? 'failed' : ''} ${difference ? 'differs' : ''}`}>
                <title>{`${span.service}: ${span.name} (${span.kind}), ${latency(span.ms / 1000)}${span.failed ? ', failed' : ''}`}</title>
                <text x={Math.min(depth, 6) * 10} y={y + 15}>
                  {cut(
                    `${difference === 'new' ? '+ ' : difference === 'slower' ? '▲ ' : ''}${isElsewhere ? `${span.service}: ` : ''}${span.name}`,
                    (labels - Math.min(depth, 6) * 10 - 6) / (difference ? boldWidth : charWidth),
                  )}
                </text>
                <rect
                  class={arm}
                  x={labels + scale(Math.max(0, span.startMs - first))}
                  y={y + 5}
                  width={Math.max(2, scale(span.ms))}
                  height="13"
                  rx="2"
                />
                <text class="ms" x={labels + scale(Math.max(0, span.startMs - first) + span.ms) + 4} y={y + 15}>
                  {latency(span.ms / 1000)}
                </text>
              </g>
            )
          })}
        </svg>
      </div>
      <details open={tables}>
        <summary>
          Numbers<span class="hidden"> of the trace of {arm}</span>
        </summary>
        <Numbers
          caption={`Spans of the trace of ${arm}`}
          head={['Span', 'Service', 'Kind', 'Begins after', 'Takes', 'Against the other trace']}
          rows={spans.map(({ span }) => [
            span.name,
            span.service,
            span.kind.toLowerCase(),
            latency(Math.max(0, span.startMs - first) / 1000),
            `${latency(span.ms / 1000)}${span.failed ? ', failed' : ''}`,
            differenceWords[differenceOf(span, elsewhere) ?? 'none'],
          ])}
        />
      </details>
      {arm === 'canary' && (
        <p class="key">+ only in this trace · ▲ more than 1.5 times as long as in the other · dashed: failed</p>
      )}
    </figure>
  )
}

interface Nested {
  readonly span: TraceSpan
  readonly depth: number
  /** Whether the span belongs to another service than its parent. */
  readonly isElsewhere: boolean
}

/** Spans below their parents, each with its depth; spans without their parent are at the top. */
function nested(spans: readonly TraceSpan[]): Nested[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const below = new Map<string, TraceSpan[]>()
  for (const span of spans) {
    const parent = ids.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? span.parentSpanId : ''
    below.set(parent, [...(below.get(parent) ?? []), span])
  }
  const found: Nested[] = []
  const seen = new Set<string>()
  const visit = (parent: string, depth: number, service: string | undefined): void => {
    for (const span of below.get(parent) ?? []) {
      if (seen.has(span.spanId)) continue
      seen.add(span.spanId)
      found.push({ span, depth, isElsewhere: service !== undefined && service !== span.service })
      visit(span.spanId, depth + 1, span.service)
    }
  }
  visit('', 0, undefined)
  return found
}

const keyOf = ({ service, name, kind }: TraceSpan): string => `${service}\0${kind}\0${name}`

function differenceOf(span: TraceSpan, elsewhere: ReadonlyMap<string, number>): 'new' | 'slower' | undefined {
  if (elsewhere.size === 0) return undefined
  const usual = elsewhere.get(keyOf(span))
  if (usual === undefined) return 'new'
  return span.ms > usual * 1.5 && span.ms - usual > 1 ? 'slower' : undefined
}

const lengthOf = (trace: Trace | undefined): number => {
  if (!trace || trace.spans.length === 0) return (trace?.seconds ?? 0) * 1000
  const first = Math.min(...trace.spans.map(({ startMs }) => startMs))
  return Math.max(...trace.spans.map(({ startMs, ms }) => startMs + ms - first))
}

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, Math.max(3, Math.floor(most) - 1))}…` : text

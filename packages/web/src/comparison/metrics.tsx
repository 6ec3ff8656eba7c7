import type { MetricChart, ScopeChart, Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { EffectChart } from '../charts/effect.tsx'
import { MetricEvidenceChart } from '../charts/evidence.tsx'
import { DistributionChart, LevelChart, type Quantile, TrafficChart } from '../charts/levels.tsx'
import type { Range } from '../charts/range.ts'
import { hasCharts } from '../data/live.ts'
import { useHere } from '../data/place.ts'
import { FindingsTable, findingsOf, nameOf, titleOf } from './findings.tsx'
import { Section } from './section.tsx'

interface Props {
  readonly verdict: Verdict
  /** Null for the whole service. */
  readonly operation: string | null
  readonly scope: ScopeChart | undefined
  readonly range: Range
  readonly tables: boolean
}

const quantiles: readonly Quantile[] = ['p50', 'p90', 'p99']

/** The metrics of the service or of one operation: a table, and the charts of the selected metric. */
export function Metrics({ verdict, operation, scope, range, tables }: Props): VNode {
  const here = useHere()
  const findings = findingsOf(verdict, operation)
  const chosen = metricOf(here.chosen['metric'], scope, findings)
  const chart = scope?.metrics.find(({ metric }) => metric === chosen)
  const finding = findings.find(({ metric }) => metric === chosen)
  const quantile = quantiles.find((one) => one === here.chosen['quantile']) ?? quantileOf(finding)
  const choose = (from: number, to: number): void => here.choose({ from: String(from), to: String(to) })
  const shared = { range, tables, choose }
  // Charts take the most time to draw, so they are not drawn again if only the verdict is new.
  const charts = useMemo(
    () =>
      chart &&
      scope && (
        <div class="charts">
          <LevelChart chart={chart} scope={scope} quantile={quantile} name={titleOf(chart.metric)} {...shared} />
          {chart.effect && <EffectChart effect={chart.effect} name={nameOf(chart.metric)} {...shared} />}
          <MetricEvidenceChart
            evidence={chart.evidence}
            name={nameOf(chart.metric)}
            binSeconds={scope.binSeconds}
            {...shared}
          />
          <DistributionChart chart={chart} name={titleOf(chart.metric)} carried={finding?.statistic} tables={tables} />
          <TrafficChart scope={scope} seconds={verdict.window.seconds} {...shared} />
        </div>
      ),
    [chart, scope, quantile, finding?.statistic, range.from, range.to, tables],
  )
  return (
    <Section
      id="metrics"
      title={operation === null ? 'The whole service' : operation}
      note={
        operation !== null && (
          <button type="button" class="plain" onClick={() => here.choose({ operation: undefined })}>
            Back to the whole service
          </button>
        )
      }
    >
      <FindingsTable findings={findings} chosen={chosen} />
      {!scope && !here.isReport && hasCharts(verdict) && <p class="quiet">The charts are being computed…</p>}
      {chart && scope && (
        <>
          <fieldset class="choices" aria-label="Metric">
            {scope.metrics.map(({ metric }) => (
              <button
                key={metric}
                type="button"
                aria-pressed={metric === chosen}
                onClick={() => here.choose({ metric })}
              >
                {nameOf(metric)}
              </button>
            ))}
          </fieldset>
          {chart.levels.kind === 'distribution' && (
            <fieldset class="choices" aria-label="Quantile">
              {quantiles.map((one) => (
                <button
                  key={one}
                  type="button"
                  aria-pressed={one === quantile}
                  onClick={() => here.choose({ quantile: one })}
                >
                  {one === 'p50' ? 'median' : one}
                </button>
              ))}
            </fieldset>
          )}
          {charts}
        </>
      )}
    </Section>
  )
}

/** The quantile drawn over time by default: the one nearest to that of a failed finding. */
function quantileOf(finding: Verdict['findings'][number] | undefined): Quantile {
  if (finding?.decision !== 'fail') return 'p50'
  if (finding.statistic === 'p95') return 'p99'
  return quantiles.find((one) => one === finding.statistic) ?? 'p50'
}

/** The metric in the URL, else the one that failed, else the first. */
function metricOf(
  asked: string | undefined,
  scope: ScopeChart | undefined,
  findings: Verdict['findings'],
): string | undefined {
  const names = scope?.metrics.map(({ metric }) => metric) ?? findings.map(({ metric }) => metric)
  if (asked !== undefined && names.includes(asked)) return asked
  const worst = [...(scope?.metrics ?? [])].sort((a, b) => harmOf(b) - harmOf(a))[0]
  return findings.find(({ decision }) => decision === 'fail')?.metric ?? worst?.metric ?? names[0]
}

const harmOf = ({ evidence }: MetricChart): number =>
  evidence.harmNeeded > 0 ? (evidence.harm.at(-1) ?? 0) / evidence.harmNeeded : -1

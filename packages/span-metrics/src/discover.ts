import { askPrometheus, type Prometheus } from './api.ts'
import { entrySpans, type Matcher, matches } from './cohort.ts'
import { SpanMetricsError } from './errors.ts'
import { familyOf, knownFamilies } from './families.ts'
import type { Labels } from './labels.ts'

/** The series that a comparison is judged from. */
export interface Found {
  readonly family: string
  readonly kind: 'classic' | 'native' | 'counter'
  /** The label that has the service's name, and how. */
  readonly service: Matcher
  /** Without those of buckets. */
  readonly series: readonly Labels[]
}

interface Sought {
  readonly service: string
  readonly stable: readonly Matcher[]
  readonly canary: readonly Matcher[]
  readonly traffic: readonly Matcher[]
  /** As it was named; one that is known, when undefined. */
  readonly metric: string | undefined
}

/** Where the name of the service may be: in span metrics, Tempo's, and what OTLP or a scrape gives a target. */
const serviceLabels = ['service_name', 'service', 'job'] as const

/**
 * Finds the span metrics of a service that both cohorts have: the first of the families that are known, or the one that was
 * named; native histograms before classic ones.
 *
 * Throws a SpanMetricsError of kind `no-data` that says what is there instead.
 */
export async function discover(prometheus: Prometheus, sought: Sought, fromMs: number, toMs: number): Promise<Found> {
  const families = sought.metric === undefined ? knownFamilies : [familyOf(sought.metric)]
  const names = families.flatMap((family) => [family, `${family}_count`])
  const all = await seriesOf(
    prometheus,
    serviceLabels.map(
      (label) => `{__name__=~"${names.join('|')}",${label}=~${JSON.stringify(nameIn(label, sought.service))}}`,
    ),
    fromMs,
    toMs,
  )
  const own = all.filter((labels) => matches(labels, [entrySpans]))
  if (own.length === 0)
    throw new SpanMetricsError('no-data', await noService(prometheus, sought, names, all, fromMs, toMs))
  // Of one that was named by a series of a classic histogram, the classic one is meant.
  const classicAlone = sought.metric !== undefined && sought.metric !== families[0]
  const candidates = families.flatMap((family) => [
    ...(classicAlone ? [] : [{ family, kind: kindOf(family), name: family }]),
    { family, kind: 'classic' as const, name: `${family}_count` },
  ])
  for (const { family, kind, name } of candidates) {
    // A summary has the name of its family, too.
    const named = own.filter((labels) => labels['__name__'] === name && labels['quantile'] === undefined)
    const label = serviceLabels.find((one) => named.some((labels) => isOf(labels, one, sought.service)))
    if (!label) continue
    const series = named.filter((labels) => isOf(labels, label, sought.service))
    const served = (arm: 'stable' | 'canary'): boolean =>
      series.some((labels) => matches(labels, [...sought[arm], ...sought.traffic]))
    if (!served('stable') || !served('canary')) continue
    return { family, kind, series, service: { label, operator: '=~', value: nameIn(label, sought.service) } }
  }
  throw new SpanMetricsError('no-data', noCohort(sought, own))
}

function kindOf(family: string): Found['kind'] {
  return family.endsWith('_total') ? 'counter' : 'native'
}

/** A target's job may have the namespace of the service before its name. */
function nameIn(label: string, service: string): string {
  const escaped = service.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return label === 'job' ? `(.*/)?${escaped}` : escaped
}

function isOf(labels: Labels, label: string, service: string): boolean {
  return matches(labels, [{ label, operator: '=~', value: nameIn(label, service) }])
}

/** The labels of every series that one of the selectors chooses in a window of milliseconds. */
export async function seriesOf(
  prometheus: Prometheus,
  selectors: readonly string[],
  fromMs: number,
  toMs: number,
): Promise<Labels[]> {
  return (await askPrometheus(prometheus, 'series', [
    ...selectors.map((selector) => ['match[]', selector] as const),
    ['start', String(fromMs / 1000)],
    ['end', String(toMs / 1000)],
  ])) as Labels[]
}

async function noService(
  prometheus: Prometheus,
  { service, metric }: Sought,
  names: readonly string[],
  all: readonly Labels[],
  fromMs: number,
  toMs: number,
): Promise<string> {
  if (all.length > 0) {
    const kinds = valuesOf(all, 'span_kind')
    return `the span metrics of ${service} are of kind ${kinds.join(', ')}: those of requests, SERVER and CONSUMER, are not there`
  }
  const services = await Promise.all(
    serviceLabels.map(
      async (label) =>
        (await askPrometheus(prometheus, `label/${label}/values`, [
          ['match[]', `{__name__=~"${names.join('|')}"}`],
          ['start', String(fromMs / 1000)],
          ['end', String(toMs / 1000)],
        ])) as string[],
    ),
  )
  const seen = [...new Set(services.flat())].filter((name) => name !== '')
  const what = metric === undefined ? 'span metrics' : `series of ${metric}`
  if (seen.length > 0) return `no ${what} of service "${service}" at ${prometheus.url}. There are: ${some(seen)}.`
  return metric === undefined
    ? `no span metrics at ${prometheus.url}: looked for ${knownFamilies.slice(0, 3).join(', ')} and others. Name yours with --metric`
    : `no ${what} at ${prometheus.url}`
}

function noCohort(sought: Sought, own: readonly Labels[]): string {
  const families = [...new Set(own.map((labels) => familyOf(labels['__name__'] ?? '')))]
  const missing = (['stable', 'canary'] as const).filter((arm) => !own.some((labels) => matches(labels, sought[arm])))
  const about = missing.map((arm) => {
    const [unmet] = sought[arm].filter((matcher) => !own.some((labels) => matches(labels, [matcher])))
    if (!unmet) return `no series of ${arm} has all that its selector asks for`
    const values = valuesOf(own, unmet.label)
    if (values.length > 0)
      return `no ${arm} series with ${unmet.label}${unmet.operator}${unmet.value}; there are: ${some(values)}`
    const labels = [...new Set(own.flatMap((one) => Object.keys(one)))].filter((name) => name !== '__name__').sort()
    return `the series have no label ${unmet.label} for ${arm}, only ${some(labels)}: make it a dimension of the span metrics`
  })
  if (about.length === 0)
    about.push('stable and canary have no family of series in common, or all of it is test traffic')
  return `${sought.service} has ${families.join(', ')}, but ${about.join(', and ')}.`
}

function valuesOf(series: readonly Labels[], label: string): string[] {
  return [...new Set(series.map((labels) => labels[label] ?? ''))].filter((value) => value !== '').sort()
}

function some(names: readonly string[]): string {
  const most = 20
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
}

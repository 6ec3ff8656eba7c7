import { askPrometheus, type Prometheus } from './api.ts'
import type { ByArm } from './arms.ts'
import { entrySpans, type Matcher, matches } from './cohort.ts'
import { SpanMetricsError } from './errors.ts'
import { familyOf, grpcFamilies, istioFamilies, knownFamilies } from './families.ts'
import type { Labels } from './labels.ts'

/** The series on which a comparison is judged. */
export interface Found {
  readonly family: string
  readonly kind: 'classic' | 'native' | 'counter'
  /** Matches the service's name, in whichever label it is. */
  readonly service: Matcher
  /** The matchers of the cohorts, in terms of this family's labels. */
  readonly cohorts: ByArm<readonly Matcher[]>
  /** Picks one of the sides that count the same requests; empty if only one side counts them. */
  readonly side: readonly Matcher[]
  /** Without bucket series. */
  readonly series: readonly Labels[]
}

interface Sought {
  readonly service: string
  readonly stable: readonly Matcher[]
  readonly canary: readonly Matcher[]
  readonly traffic: readonly Matcher[]
  /** The metric as the user named it; if undefined, a known one is used. */
  readonly metric: string | undefined
}

/** Families that hold the service's name in the same labels. */
interface Origin {
  readonly families: readonly string[]
  readonly serviceLabels: readonly string[]
}

/** Labels that may hold the service's name: in span metrics, in Tempo's, and on targets of OTLP or a scrape. */
const serviceLabels = ['service_name', 'service', 'job'] as const

const istioLabels = ['destination_canonical_service', 'destination_service_name', 'destination_workload'] as const

// Most informative first: the application's own metrics, then those of its gRPC library, then those of its proxy.
const origins: readonly Origin[] = [
  { families: knownFamilies, serviceLabels },
  { families: grpcFamilies, serviceLabels },
  { families: istioFamilies, serviceLabels: istioLabels },
]

/**
 * Finds the span metrics of a service that both cohorts have: the first known family, or the family that the user
 * named; native histograms are preferred to classic ones.
 *
 * Throws a SpanMetricsError of kind `no-data` that says which metrics exist instead.
 */
export async function discover(prometheus: Prometheus, sought: Sought, fromMs: number, toMs: number): Promise<Found> {
  const looked: { readonly origin: Origin; readonly all: readonly Labels[]; readonly own: readonly Labels[] }[] = []
  for (const origin of originsOf(sought.metric)) {
    const names = namesOf(origin)
    const all = await seriesOf(
      prometheus,
      origin.serviceLabels.map(
        (label) => `{__name__=~"${names.join('|')}",${label}=~${JSON.stringify(nameIn(label, sought.service))}}`,
      ),
      fromMs,
      toMs,
    )
    const own = all.filter((labels) => matches(labels, [entrySpans]))
    const found = foundIn(own, origin, sought)
    if (found) return found
    looked.push({ origin, all, own })
  }
  const some = looked.find(({ own }) => own.length > 0)
  if (some) throw new SpanMetricsError('no-data', noCohort(sought, some.own))
  const other = looked.find(({ all }) => all.length > 0)
  if (other) throw new SpanMetricsError('no-data', otherKinds(sought, other.all))
  throw new SpanMetricsError('no-data', await noService(prometheus, sought, fromMs, toMs))
}

function originsOf(metric: string | undefined): readonly Origin[] {
  if (metric === undefined) return origins
  const family = familyOf(metric)
  const known = origins.find(({ families }) => families.includes(family)) ?? origins[0]!
  return [{ families: [family], serviceLabels: known.serviceLabels }]
}

const namesOf = ({ families }: Origin): string[] => families.flatMap((family) => [family, `${family}_count`])

function foundIn(own: readonly Labels[], { families, serviceLabels }: Origin, sought: Sought): Found | undefined {
  // A metric named by a series of a classic histogram means the classic histogram.
  const classicAlone = sought.metric !== undefined && sought.metric !== families[0]
  const candidates = families.flatMap((family) => [
    ...(classicAlone ? [] : [{ family, kind: kindOf(family), name: family }]),
    { family, kind: 'classic' as const, name: `${family}_count` },
  ])
  for (const { family, kind, name } of candidates) {
    // A summary's quantile series carry the name of the family, too.
    const named = own.filter((labels) => labels['__name__'] === name && labels['quantile'] === undefined)
    const label = serviceLabels.find((one) => named.some((labels) => isOf(labels, one, sought.service)))
    if (!label) continue
    const ofService = named.filter((labels) => isOf(labels, label, sought.service))
    for (const side of sidesOf(ofService)) {
      const series = ofService.filter((labels) => matches(labels, side))
      const cohorts = { stable: relabelled(sought.stable, series), canary: relabelled(sought.canary, series) }
      const served = (arm: 'stable' | 'canary'): boolean =>
        series.some((labels) => matches(labels, [...cohorts[arm], ...sought.traffic]))
      if (!served('stable') || !served('canary')) continue
      const service: Matcher = { label, operator: '=~', value: nameIn(label, sought.service) }
      return { family, kind, series, service, cohorts, side }
    }
  }
  return undefined
}

/** The proxies that may count a request in a mesh. The server's own sees requests most faithfully, so it comes first. */
const reporters = ['destination', 'waypoint', 'source']

/** Matchers for each of the sides that count the same requests. */
function sidesOf(series: readonly Labels[]): readonly (readonly Matcher[])[] {
  if (!series.some((labels) => reporters.includes(labels['reporter'] ?? ''))) return [[]]
  return reporters.map((value) => [{ label: 'reporter', operator: '=', value }])
}

// Labels in which a mesh holds the build of the server side.
const meshBuilds = ['destination_version', 'destination_canonical_revision']

/** In a mesh's series, matches the workload's build in place of the span's. */
function relabelled(matchers: readonly Matcher[], series: readonly Labels[]): readonly Matcher[] {
  const has = (label: string): boolean => series.some((labels) => labels[label])
  const build = has('service_version') ? undefined : meshBuilds.find(has)
  if (build === undefined) return matchers
  return matchers.map((matcher) => (matcher.label === 'service_version' ? { ...matcher, label: build } : matcher))
}

function kindOf(family: string): Found['kind'] {
  return family.endsWith('_total') ? 'counter' : 'native'
}

/** A target's job may have the service's namespace in front of its name. */
function nameIn(label: string, service: string): string {
  const escaped = service.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return label === 'job' ? `(.*/)?${escaped}` : escaped
}

function isOf(labels: Labels, label: string, service: string): boolean {
  return matches(labels, [{ label, operator: '=~', value: nameIn(label, service) }])
}

/** The labels of every series that matches one of the selectors within a window, in milliseconds. */
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

function otherKinds({ service }: Sought, all: readonly Labels[]): string {
  const kinds = valuesOf(all, 'span_kind')
  return `${service} has span metrics of kind ${kinds.join(', ')} only; those of requests, SERVER and CONSUMER, are missing`
}

async function noService(
  prometheus: Prometheus,
  { service, metric }: Sought,
  fromMs: number,
  toMs: number,
): Promise<string> {
  const what = metric === undefined ? 'span metrics' : `series of ${metric}`
  for (const origin of originsOf(metric)) {
    const services = await Promise.all(
      origin.serviceLabels.map(
        async (label) =>
          (await askPrometheus(prometheus, `label/${label}/values`, [
            ['match[]', `{__name__=~"${namesOf(origin).join('|')}"}`],
            ['start', String(fromMs / 1000)],
            ['end', String(toMs / 1000)],
          ])) as string[],
      ),
    )
    const seen = [...new Set(services.flat())].filter((name) => name !== '')
    if (seen.length > 0) return `no ${what} of service "${service}" at ${prometheus.url}. There are: ${some(seen)}.`
  }
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

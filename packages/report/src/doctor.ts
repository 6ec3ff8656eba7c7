import { count, counted } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import type { Ink } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'

/** The evaluations of one flag, as seen in a service's events. */
export interface FlagEvaluations {
  readonly flag: string
  readonly evaluations: number
  readonly providers: readonly string[]
  readonly reasons: readonly string[]
  readonly errors: number
  readonly errorTypes: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
  readonly onSpans: boolean
}

/**
 * The answer of the server's doctor route: which marks arrived from a service in the hour before its last span or, if it
 * sent no spans, its last event.
 */
export interface DoctorFacts {
  readonly service: string
  readonly spans: number
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
  readonly withBuild: number
  readonly withFlags: number
  readonly test: number
  readonly withoutRoute: number
  readonly builds: readonly string[]
  readonly flags: readonly string[]
  readonly instances: readonly string[]
  readonly sdks: readonly { readonly name: string; readonly language: string; readonly version: string }[]
  /** Flag evaluations in the events of that hour; absent if events cannot be read. */
  readonly evaluations?: readonly FlagEvaluations[]
  /** Why events cannot be read. */
  readonly unread?: string
  readonly operations: readonly { readonly operation: string; readonly requests: number }[]
  /** Operation names seen within a day, grouped by common prefix; absent from servers of earlier releases. */
  readonly names?: {
    readonly all: number
    readonly kinds: readonly { readonly kind: string; readonly names: number; readonly requests: number }[]
  }
  readonly late: number
  readonly open: { readonly ticks: number; readonly spans: number; readonly seconds: number }
}

const shownOperations = 10
const shownFlags = 10
const shownKinds = 3
const namesToldApart = 500

/**
 * Describes what arrives from a service and what is missing, with a remedy for each.
 *
 * @example console.log(doctorText(facts, { colors: false }))
 */
export function doctorText(untrusted: DoctorFacts, options: { readonly colors: boolean }): string {
  const facts = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const { spans, operations, evaluations = [] } = facts
  const advice = missingOf(facts)
  return [
    `${ink.bold(facts.service)}: ${cameText(facts)}`,
    '',
    ...(spans > 0 ? [...marksOf(facts, ink), ''] : []),
    ...(evaluations.length > 0 ? [...evaluationsTable(evaluations, ink), ''] : []),
    ...(operations.length > 0 ? operationsTable(operations, ink) : []),
    ...(facts.open.spans > 0 ? [`  ${notCounted(facts.open)}`] : []),
    ...(spans > 0 ? [''] : []),
    ...(advice.length > 0
      ? advice.map((line) => `${ink.yellow('missing')}  ${line}`)
      : [ink.green('Nothing is missing.')]),
    '',
  ].join('\n')
}

function cameText({ spans, requests, firstMs, lastMs, evaluations = [] }: DoctorFacts): string {
  if (spans > 0)
    return `${counted(spans, 'span')}, ${counted(requests, 'request')}, ${moment(firstMs)} to ${moment(lastMs)}`
  const first = Math.min(...evaluations.map((one) => one.firstMs))
  const last = Math.max(...evaluations.map((one) => one.lastMs))
  return `no spans, ${counted(sumOf(evaluations), 'evaluation')} of flags, ${moment(first)} to ${moment(last)}`
}

function marksOf(facts: DoctorFacts, ink: Ink): string[] {
  const list = (values: readonly string[], none: string): string =>
    values.length > 0 ? values.join(', ') : ink.yellow(none)
  const { evaluations } = facts
  return table([
    [ink.dim('builds'), list(facts.builds, 'none')],
    [ink.dim('flags'), list(facts.flags, 'none')],
    [ink.dim('evaluations'), evaluations ? count(sumOf(evaluations)) : cannotBeRead(facts)],
    [ink.dim('instances'), list(facts.instances, 'none')],
    [
      ink.dim('SDKs'),
      list(
        facts.sdks.map(({ name, language, version }) => `${name} ${language} ${version}`),
        'unknown',
      ),
    ],
    [ink.dim('test traffic'), counted(facts.test, 'request')],
    [ink.dim('late spans'), count(facts.late)],
  ]).map(indented)
}

/** Servers of earlier releases give no reason. */
function cannotBeRead({ unread }: DoctorFacts): string {
  return `log records cannot be read${unread === undefined ? '' : `: ${unread}`}`
}

function evaluationsTable(evaluations: readonly FlagEvaluations[], ink: Ink): string[] {
  const head = ['evaluations', 'flag', 'on spans', 'provider', 'reasons', 'errors', 'last']
  const rows = evaluations
    .slice(0, shownFlags)
    .map((one) => [
      count(one.evaluations),
      one.flag,
      one.onSpans ? 'yes' : ink.yellow('no'),
      one.providers.join(', ') || '-',
      one.reasons.join(', ') || '-',
      one.errors > 0 ? ink.yellow([count(one.errors), ...one.errorTypes].join(' ')) : '0',
      moment(one.lastMs),
    ])
  return [
    ...table([head.map((cell) => ink.dim(cell)), ...rows]).map(indented),
    ...(evaluations.length > shownFlags ? [`  and ${evaluations.length - shownFlags} more flags`] : []),
  ]
}

function operationsTable(operations: DoctorFacts['operations'], ink: Ink): string[] {
  return [
    ...table([
      [ink.dim('requests'), ink.dim('operation')],
      ...operations.slice(0, shownOperations).map((one) => [count(one.requests), one.operation]),
    ]).map(indented),
    ...(operations.length > shownOperations ? [`  and ${operations.length - shownOperations} more operations`] : []),
  ]
}

const indented = (line: string): string => `  ${line}`

const sumOf = (evaluations: readonly FlagEvaluations[]): number =>
  evaluations.reduce((sum, one) => sum + one.evaluations, 0)

function notCounted({ ticks, spans, seconds }: DoctorFacts['open']): string {
  const when = seconds > 0 ? `in about ${count(seconds)} s while a server runs` : 'in a moment'
  return `Operations are counted when a tick closes: ${counted(spans, 'span')} in ${counted(ticks, 'open tick')} are not counted yet; they close ${when}.`
}

function missingOf(facts: DoctorFacts): string[] {
  const { service, spans, requests, withBuild, withFlags, withoutRoute, instances, late, evaluations = [] } = facts
  if (spans === 0)
    return [
      `No spans have arrived, only log records: send spans here too (OTEL_EXPORTER_OTLP_ENDPOINT), with service.name ${service}.`,
    ]
  const share = (n: number, of: number): string => `${Math.round((100 * n) / of)} %`
  const found: string[] = []
  if (withBuild < spans) {
    found.push(`${share(spans - withBuild, spans)} of spans have no build: set service.version, or use MarkProcessor.`)
  }
  const unmarked = evaluations.filter(({ onSpans }) => !onSpans).map(({ flag }) => flag)
  if (unmarked.length > 0) {
    found.push(
      `${flagsText(unmarked)} evaluated, but on no span: add an adapter of @coalmine/flags to the SDK, and evaluate within the request.`,
    )
  } else if (withFlags === 0) found.push('No span has a flag: add an adapter of @coalmine/flags to compare by flag.')
  if (withoutRoute > 0 && requests > 0) {
    found.push(
      `${share(withoutRoute, requests)} of requests have no http.route, and are told apart by span name: add your framework's instrumentation.`,
    )
  }
  const crowd = crowdOf(facts)
  if (crowd) found.push(crowd)
  if (instances.length === 0)
    found.push('No span names its instance: set service.instance.id, so that a bad host can be told from a bad build.')
  if (late > 0)
    found.push(`${count(late)} spans arrived too late for their tick: export more often, or raise --watermark.`)
  return found
}

function crowdOf({ names }: DoctorFacts): string | undefined {
  if (!names || names.all <= namesToldApart) return undefined
  const kinds = names.kinds.filter((kind) => kind.names > 1).slice(0, shownKinds)
  const list = kinds.map((kind) => `${count(kind.names)} begin with ${kind.kind} (${count(kind.requests)} requests)`)
  const shown = list.length > 0 ? `: ${list.join(', ')}` : ''
  return `${count(names.all)} operations appeared within a day, and only the ${namesToldApart} busiest are told apart${shown}. Set http.route, so that ids and unknown paths do not become operations.`
}

function flagsText(flags: readonly string[]): string {
  if (flags.length === 1) return `Flag ${flags[0]} is`
  const more = flags.length - shownFlags
  return `Flags ${flags.slice(0, shownFlags).join(', ')}${more > 0 ? ` and ${count(more)} more` : ''} are`
}

function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

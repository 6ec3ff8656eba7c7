import pc from 'picocolors'
import { count } from './format.ts'
import { table } from './table.ts'

/** What the server's doctor route answers: which marks arrived from a service in the hour before its last span. */
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
  readonly operations: readonly { readonly operation: string; readonly requests: number }[]
  readonly late: number
  readonly open: { readonly ticks: number; readonly spans: number; readonly seconds: number }
}

const shownOperations = 10

/** What arrives from a service and what is missing, each with what to do about it. */
export function doctorText(facts: DoctorFacts, options: { readonly colors: boolean }): string {
  const ink = pc.createColors(options.colors)
  const { service, spans, requests, firstMs, lastMs, operations } = facts
  const list = (values: readonly string[], none: string): string =>
    values.length > 0 ? values.join(', ') : ink.yellow(none)
  const advice = missingOf(facts)
  return [
    `${ink.bold(service)}: ${count(spans)} spans, ${count(requests)} requests, ${moment(firstMs)} to ${moment(lastMs)}`,
    '',
    ...table([
      [ink.dim('builds'), list(facts.builds, 'none')],
      [ink.dim('flags'), list(facts.flags, 'none')],
      [ink.dim('instances'), list(facts.instances, 'none')],
      [
        ink.dim('SDKs'),
        list(
          facts.sdks.map(({ name, language, version }) => `${name} ${language} ${version}`),
          'unknown',
        ),
      ],
      [ink.dim('test traffic'), `${count(facts.test)} requests`],
      [ink.dim('late spans'), count(facts.late)],
    ]).map((line) => `  ${line}`),
    '',
    ...table([
      [ink.dim('requests'), ink.dim('operation')],
      ...operations.slice(0, shownOperations).map((one) => [count(one.requests), one.operation]),
    ]).map((line) => `  ${line}`),
    ...(operations.length > shownOperations ? [`  and ${operations.length - shownOperations} more operations`] : []),
    ...(facts.open.spans > 0 ? [`  ${notCounted(facts.open)}`] : []),
    '',
    ...(advice.length > 0
      ? advice.map((line) => `${ink.yellow('missing')}  ${line}`)
      : [ink.green('Nothing is missing.')]),
    '',
  ].join('\n')
}

function notCounted({ ticks, spans, seconds }: DoctorFacts['open']): string {
  const when = seconds > 0 ? `in about ${count(seconds)} s while a server runs` : 'in a moment'
  return `Operations are counted when a tick closes: ${count(spans)} spans wait for ${ticks === 1 ? 'theirs' : `${count(ticks)} ticks`}, ${when}.`
}

function missingOf({ spans, requests, withBuild, withFlags, withoutRoute, instances, late }: DoctorFacts): string[] {
  const share = (n: number, of: number): string => `${Math.round((100 * n) / of)} %`
  const found: string[] = []
  if (withBuild < spans) {
    found.push(`${share(spans - withBuild, spans)} of spans have no build: set service.version, or use MarkProcessor.`)
  }
  if (withFlags === 0) found.push('No span has a flag: add an adapter of @coalmine/flags to compare by flag.')
  if (withoutRoute > 0 && requests > 0) {
    found.push(
      `${share(withoutRoute, requests)} of requests have no http.route, and are told apart by span name: add your framework's instrumentation.`,
    )
  }
  if (instances.length === 0)
    found.push('No span names its instance: set service.instance.id, so that a bad host can be told from a bad build.')
  if (late > 0)
    found.push(`${count(late)} spans came too late for their tick: export more often, or raise --watermark.`)
  return found
}

function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

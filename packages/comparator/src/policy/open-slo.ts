import { LineCounter, parseAllDocuments } from 'yaml'
import { closest } from './closest.ts'
import { type SloInput, secondsOf } from './slo-schema.ts'

/** Annotations for the settings that OpenSLO has no fields for. */
const openSloAnnotations = {
  journeys: 'coalmine/journeys',
  latency: 'coalmine/latency',
  critical: 'coalmine/critical',
  expect: 'coalmine/expect',
} as const

const kinds = ['SLO', 'Service', 'SLI', 'DataSource', 'AlertPolicy', 'AlertCondition', 'AlertNotificationTarget']

/**
 * Reads the objectives of an OpenSLO v1 file: `service`, rolling `timeWindow`, and each objective's `target` or `targetPercent`.
 * Data sources are ignored, since Coalmine uses spans; the operations and the latency threshold are in
 * annotations. Documents of other kinds are skipped; anything that would mean something else here is rejected.
 *
 * @returns objectives in the form of `coalmine.yaml`.
 * @throws {RangeError} with one line per problem: file, line, key and what to do.
 * @example readOpenSlo('apiVersion: openslo/v1\nkind: SLO\n...', 'slo.yaml') // [{ name: 'cart', objective: 0.999, window: '30d', ... }]
 */
export function readOpenSlo(text: string, file: string): SloInput[] {
  const lines = new LineCounter()
  const problems: { line: number; text: string }[] = []
  const found: SloInput[] = []
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })) {
    for (const { pos, message } of document.errors) problems.push({ line: lines.linePos(pos[0]).line, text: message })
    if (document.errors.length > 0) continue
    const content: unknown = document.toJS()
    if (content === null || content === undefined) continue
    const problem = (path: readonly (string | number)[], message: string): void => {
      const name = path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('')
      problems.push({ line: lineOf(path), text: `${name}${name === '' ? '' : ': '}${message}` })
    }
    const lineOf = (path: readonly (string | number)[]): number => {
      for (let depth = path.length; depth >= 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined
        if (node?.range) return lines.linePos(node.range[0]).line
      }
      return 1
    }
    found.push(...objectivesOf(content, problem))
  }
  if (problems.length === 0 && found.length === 0)
    problems.push({ line: 1, text: 'expected a document of kind: SLO, found none' })
  if (problems.length === 0) return found
  throw new RangeError(
    problems
      .sort((a, b) => a.line - b.line)
      .map(({ line, text }) => `${file}:${line}: ${text}`)
      .join('\n'),
  )
}

type Problem = (path: readonly (string | number)[], message: string) => void
type Mapping = Readonly<Record<string, unknown>>

const mapping = (value: unknown): Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {}

function objectivesOf(content: unknown, problem: Problem): SloInput[] {
  const { apiVersion, kind, metadata, spec } = mapping(content)
  if (apiVersion !== 'openslo/v1') {
    problem(
      ['apiVersion'],
      `expected openslo/v1, got ${JSON.stringify(apiVersion)}: write the document in that version`,
    )
    return []
  }
  if (kind !== 'SLO') {
    const meant = typeof kind === 'string' && !kinds.includes(kind) ? closest(kind, kinds) : undefined
    if (typeof kind !== 'string' || meant)
      problem(['kind'], `expected SLO, got ${JSON.stringify(kind)}${meant ? `; did you mean ${meant}?` : ''}`)
    return []
  }
  const { name, annotations } = mapping(metadata)
  const { service, timeWindow, budgetingMethod, objectives } = mapping(spec)
  if (typeof name !== 'string') problem(['metadata', 'name'], `expected a name, got ${JSON.stringify(name)}`)
  if (typeof service !== 'string')
    problem(
      ['spec', 'service'],
      `expected the name that the spans have as service.name, got ${JSON.stringify(service)}`,
    )
  if (budgetingMethod !== undefined && budgetingMethod !== 'Occurrences')
    problem(
      ['spec', 'budgetingMethod'],
      `expected Occurrences, got ${JSON.stringify(budgetingMethod)}: requests are counted here, not slices of time`,
    )
  const window = windowOf(timeWindow, problem)
  if (!Array.isArray(objectives) || objectives.length === 0) {
    problem(['spec', 'objectives'], 'expected one objective at least')
    return []
  }
  const ours = annotated(mapping(annotations), problem)
  return objectives.map((one, at) => ({
    ...ours,
    name: objectives.length === 1 ? String(name) : `${String(name)}-${mapping(one)['displayName'] ?? at + 1}`,
    service: String(service),
    window,
    objective: targetOf(mapping(one), ['spec', 'objectives', at], ours.latency !== undefined, problem),
  }))
}

function windowOf(timeWindow: unknown, problem: Problem): string {
  const path = ['spec', 'timeWindow']
  if (!Array.isArray(timeWindow) || timeWindow.length !== 1) {
    problem(path, 'expected one window, such as - duration: 30d with isRolling: true')
    return '30d'
  }
  const { duration, isRolling, calendar } = mapping(timeWindow[0])
  if (calendar !== undefined || isRolling === false)
    problem([...path, 0], 'calendar windows are not supported: write isRolling: true and a duration such as 30d')
  if (typeof duration === 'string' && secondsOf(duration) !== undefined && !duration.endsWith('ms')) return duration
  const days = { M: '30d', Q: '90d', Y: '90d' }[String(duration).slice(-1)]
  const instead = days ? `, such as ${days}: months and years differ in length` : ' such as 30d or 4w'
  problem([...path, 0, 'duration'], `expected a length in days or weeks${instead}, got ${JSON.stringify(duration)}`)
  return '30d'
}

function targetOf(
  { target, targetPercent, op, value, timeSliceTarget, timeSliceWindow }: Mapping,
  path: readonly (string | number)[],
  hasLatency: boolean,
  problem: Problem,
): number | string {
  if (timeSliceTarget !== undefined || timeSliceWindow !== undefined)
    problem(path, 'time slices are not supported: leave out timeSliceTarget and timeSliceWindow')
  if ((op !== undefined || value !== undefined) && !hasLatency)
    problem(
      path,
      `op and value give a threshold without a unit: leave them out, and set it in metadata.annotations, as ${openSloAnnotations.latency}: 300ms`,
    )
  if (target === undefined && typeof targetPercent === 'number') return `${targetPercent}%`
  if (typeof target === 'number' && targetPercent === undefined) return target
  problem(path, 'expected either target, such as 0.999, or targetPercent, such as 99.9')
  return 0.999
}

function annotated(annotations: Mapping, problem: Problem): Omit<SloInput, 'objective'> {
  const of = (key: keyof typeof openSloAnnotations): unknown => annotations[openSloAnnotations[key]]
  const [journeys, latency, critical, expect] = [of('journeys'), of('latency'), of('critical'), of('expect')]
  for (const key of Object.keys(annotations)) {
    const known: readonly string[] = Object.values(openSloAnnotations)
    if (!key.startsWith('coalmine/') || known.includes(key)) continue
    problem(['metadata', 'annotations', key], `unknown annotation; expected one of ${known.join(', ')}`)
  }
  const list = typeof journeys === 'string' ? journeys.split(',').map((one) => one.trim()) : undefined
  return {
    ...(list && { journeys: list.length === 1 && (list[0] === 'each' || list[0] === 'service') ? list[0] : list }),
    ...(latency !== undefined && { latency: String(latency) }),
    ...(critical !== undefined && { critical: String(critical) === 'true' }),
    ...(expect !== undefined && { expect: String(expect) }),
  }
}

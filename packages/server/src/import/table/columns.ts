import { ServerError } from '../../errors.ts'

/** A column of a table of spans. In CSV, where all cells are texts, `type` is undefined. */
export interface Column {
  readonly name: string
  readonly type?: string | undefined
}

/** What a column may be of a span. */
const columnRoles = [
  'trace',
  'span',
  'parent',
  'name',
  'service',
  'start',
  'end',
  'duration',
  'kind',
  'status',
  'message',
  'attributes',
  'resource',
  'scope',
  'version',
  'state',
] as const
/** What a column may be of a span. */
export type Role = (typeof columnRoles)[number]

/** The unit of a time or a duration in a column. */
export type Unit = 'ns' | 'us' | 'ms' | 's'

/** The source of a value: a column, or one text for all rows. */
export type From =
  | {
      readonly index: number
      readonly name: string
      readonly type: string | undefined
      readonly unit: Unit | undefined
    }
  | { readonly text: string }

/** The column of each role, or the text that replaces it in every row. */
export interface Chosen {
  readonly roles: ReadonlyMap<Role, From>
  /** Columns and texts that are one attribute each, of the span or of the resource. */
  readonly attributes: readonly { readonly of: 'attribute' | 'resource'; readonly key: string; readonly from: From }[]
}

/**
 * Decides what each column of a table means. `spec` maps columns whose names do not say so, separated by commas: `start=when:ms` names
 * a column and its unit; `service:=checkout` is the same for all rows; `attribute.http.route=path` and
 * `resource.service.version=build` make attributes. Every other column becomes an attribute of its own name.
 *
 * Throws a ServerError of kind `usage` that names the column and lists the existing ones.
 *
 * chooseColumns([{ name: 'ts' }, { name: 'app' }, { name: 'op' }, { name: 'took_ms' }], 'service=app,name=op')
 */
export function chooseColumns(columns: readonly Column[], spec: string): Chosen {
  const roles = new Map<Role, From>()
  const attributes: Chosen['attributes'][number][] = []
  const taken = new Set<number>()
  for (const { target, literal, value, at } of entriesOf(spec)) {
    const from = literal ? { text: value } : columnNamed(columns, value, at)
    if ('index' in from) taken.add(from.index)
    const attribute = /^(attribute|resource)\.(.+)$/.exec(target)
    if (attribute) attributes.push({ of: attribute[1] as 'attribute', key: attribute[2]!, from })
    else if (isRole(target)) roles.set(target, from)
    else
      throw new ServerError(
        'usage',
        `${at}: expected one of ${columnRoles.join(', ')}, attribute.<key> or resource.<key>, got "${target}"`,
      )
  }
  const known = columns.map((column, index) => ({ column, index, ...wordsOf(column.name) }))
  const isCollectors = ['Timestamp', 'SpanName', 'Duration'].every((name) => columns.some((one) => one.name === name))
  for (const role of columnRoles) {
    if (roles.has(role)) continue
    const found = namesOfRoles[role]
      .flatMap((name) => known.filter(({ base, whole }) => (timed.includes(role) ? base : whole) === name))
      .find(({ index }) => !taken.has(index))
    if (!found) continue
    const { column, index } = found
    const unit = role === 'duration' && isCollectors && column.name === 'Duration' ? 'ns' : found.unit
    // A duration without a unit is ignored if there is an end.
    if (role === 'duration' && unit === undefined && roles.has('end') && isNumber(column)) continue
    roles.set(role, { index, name: column.name, type: column.type, unit: timed.includes(role) ? unit : undefined })
    taken.add(index)
  }
  for (const [index, { name, type }] of columns.entries()) {
    if (taken.has(index) || nested.test(name)) continue
    const [, of = 'attribute', key = name] = /^(attribute|resource)s?\.(.+)$/.exec(name) ?? []
    attributes.push({ of: of as 'attribute', key, from: { index, name, type, unit: undefined } })
  }
  mustHave(roles, columns)
  return { roles, attributes }
}

/** Names reduced to lower-case letters, the likeliest first. */
const namesOfRoles: Readonly<Record<Role, readonly string[]>> = {
  trace: ['traceid', 'trace'],
  span: ['spanid', 'span'],
  parent: ['parentspanid', 'parentid', 'parentspan', 'parent'],
  name: ['spanname', 'operationname', 'name', 'operation'],
  service: ['servicename', 'service', 'resourceservicename', 'localendpointservicename'],
  start: ['timestamp', 'starttime', 'start', 'startedat', 'starttimestamp', 'ts', 'time'],
  end: ['endtime', 'end', 'endedat', 'endtimestamp'],
  duration: ['duration', 'elapsed', 'latency', 'took'],
  kind: ['spankind', 'kind'],
  status: ['statuscode', 'spanstatus', 'otelstatuscode', 'status', 'iserror', 'error'],
  message: ['statusmessage', 'otelstatusdescription', 'statusdescription'],
  attributes: ['spanattributes', 'attributes', 'spantags', 'tags'],
  resource: ['resourceattributes', 'resource', 'resourcetags', 'processtags'],
  scope: ['scopename', 'otelscopename'],
  version: ['scopeversion', 'otelscopeversion'],
  state: ['tracestate'],
}

/**
 * Whether a row contains at least one usual name of a column of spans.
 *
 * @example isHeader([{ name: 'start' }, { name: 'note' }]) // true
 */
export function isHeader(columns: readonly Column[]): boolean {
  const names = Object.values(namesOfRoles).flat()
  return columns.some(({ name }) => {
    const { whole, base } = wordsOf(name)
    return names.includes(whole) || names.includes(base)
  })
}

const timed: readonly Role[] = ['start', 'end', 'duration']

/** The Collector's columns of events and links, which are read separately. */
const nested = /^(Events|Links)\.\w+$/

const units: Readonly<Record<string, Unit>> = {
  ...Object.fromEntries(['ns', 'nano', 'nanos', 'nanoseconds'].map((word) => [word, 'ns' as const])),
  ...Object.fromEntries(['us', 'micro', 'micros', 'microseconds'].map((word) => [word, 'us' as const])),
  ...Object.fromEntries(['ms', 'milli', 'millis', 'milliseconds'].map((word) => [word, 'ms' as const])),
  ...Object.fromEntries(['s', 'sec', 'secs', 'seconds'].map((word) => [word, 's' as const])),
}

/** Splits a name into one lower-case word and the unit at its end: `startTimeUnixNano` is `starttime`, in ns. */
function wordsOf(name: string): { readonly whole: string; readonly base: string; readonly unit: Unit | undefined } {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
  const unit = words.length > 1 ? units[words.at(-1)!] : undefined
  const rest = unit ? words.slice(0, -1).filter((word) => word !== 'unix') : words
  return { whole: words.join(''), base: rest.join(''), unit }
}

function* entriesOf(
  spec: string,
): Generator<{ readonly target: string; readonly literal: boolean; readonly value: string; readonly at: string }> {
  for (const entry of spec.split(',').map((text) => text.trim())) {
    if (entry === '') continue
    const at = `--columns ${entry}`
    const [, target, literal, value] = /^([^=:]+)(:?)=(.+)$/.exec(entry) ?? []
    if (target === undefined)
      throw new ServerError('usage', `${at}: expected what=column, such as start=when:ms, or what:=text`)
    yield { target: target.trim(), literal: literal === ':', value: value!, at }
  }
}

function columnNamed(columns: readonly Column[], value: string, at: string): From {
  const [, named, unit] = /^(.*):(ns|us|ms|s)$/.exec(value) ?? [undefined, value, undefined]
  const index = columns.findIndex(({ name }) => name === named)
  if (index < 0) throw new ServerError('usage', `${at}: there is no column "${named}"; ${theyAre(columns)}`)
  const { name, type } = columns[index]!
  return { index, name, type, unit: (unit as Unit | undefined) ?? wordsOf(name).unit }
}

function mustHave(roles: ReadonlyMap<Role, From>, columns: readonly Column[]): void {
  const missing = (what: string, say: string): ServerError =>
    new ServerError('usage', `cannot tell which column is ${what}: name it with --columns ${say}; ${theyAre(columns)}`)
  if (!roles.has('start')) throw missing('the start of a span', 'start=<column>')
  if (!roles.has('duration') && !roles.has('end'))
    throw missing('how long a span took, or its end', 'duration=<column>:<ns|us|ms|s>, or end=<column>')
  if (!roles.has('service')) throw missing('the service', 'service=<column>, or service:=<name> for all')
  if (!roles.has('name')) throw missing("a span's name", 'name=<column>')
  const duration = roles.get('duration')
  if (duration && 'index' in duration && duration.unit === undefined && isNumber(duration))
    throw new ServerError(
      'usage',
      `column "${duration.name}": its unit is not known: give it with --columns duration=${duration.name}:ms (ns, us, ms or s)`,
    )
}

const theyAre = (columns: readonly Column[]): string => `the columns are ${columns.map(({ name }) => name).join(', ')}`

/** A CSV text may be a number too. */
const isNumber = ({ type }: Column): boolean => type === undefined || /U?Int\d|Float|Decimal/.test(type)

const isRole = (text: string): text is Role => (columnRoles as readonly string[]).includes(text)

import { FLAG_PREFIX } from '@coalmine/marks/attributes'
import type { SpanParams } from './comparison.ts'
import { requestsWith } from './schema/views.ts'
import { sql } from './sql.ts'

/**
 * SQL expressions for the cohorts of a comparison, in statements over raw spans. They name each selector key,
 * `{key1:String}` and so on: with an array of keys, the engine would copy the attributes of every span for each key.
 */
export interface CohortTexts {
  /** The requests that the service answered, or the calls that it made if calls are compared. */
  readonly requests: string
  /** The requests that the service answered, whatever is compared. */
  readonly answered: string
  /** The values of a span for the keys of both selectors: its own, or its resource's. */
  readonly seenValues: string
  /** Whether a span belongs to stable, or to the canary. */
  readonly spanInStable: string
  readonly spanInCanary: string
  /** The cohort of a request by `Seen`, its `seenValues`; '' is neither. */
  readonly seenCohort: string
  /** The cohort of a trace, by the values of its requests: 'both' if it has requests of each cohort; '' is neither. */
  readonly traceCohort: string
  /** The values of a span, and whether it may belong to stable, or to the canary, flags aside. */
  readonly askedAttributes: string
  /** Whether a unit belongs to stable, or to the canary. A cohort of tests has only test units; '(mixed)' never matches a negation. */
  readonly unitInStable: string
  readonly unitInCanary: string
  /** Units of a cohort, and those that met two variants of a flag. */
  readonly unitCounts: string
}

/** A statement over raw spans, written out for the given cohorts. */
export type SpanStatement = (params: SpanParams) => string

/** A statement over raw spans, built once and cached for all comparisons whose selectors have the same kinds of keys. */
export function spanStatement(make: (cohorts: CohortTexts) => string): SpanStatement {
  const made = new Map<string, string>()
  const statement: SpanStatement = (params) => {
    const keys = keysOf(params)
    const kind = JSON.stringify([keys, params.calls])
    const known = made.get(kind)
    if (known !== undefined) return known
    const conditions = conditionsOn(keys)
    const whole = (requests: string, answered: string): string => make({ ...conditions, requests, answered })
    const answered = requestsWith(whole('', ''))
    const text = whole(params.calls ? 'coalmine_calls' : answered, answered)
    made.set(kind, text)
    return text
  }
  return Object.assign(statement, { isSpanStatement: true })
}

/** Where to look for a key, and what each cohort requires of it. */
interface Key {
  readonly from: 'span' | 'flag' | 'resource'
  readonly stable: Asked
  readonly canary: Asked
}

type Asked = 'nothing' | 'value' | 'any other'

function keysOf({ keys, fromResource, ...asked }: SpanParams): readonly Key[] {
  const askedOf = (value: string, negated: number): Asked =>
    value === '' ? 'nothing' : negated === 1 ? 'any other' : 'value'
  return keys.map((key, at) => ({
    from: fromResource[at] === 1 ? 'resource' : key.startsWith(FLAG_PREFIX) ? 'flag' : 'span',
    stable: askedOf(asked.stableValues[at]!, asked.stableNegated[at]!),
    canary: askedOf(asked.canaryValues[at]!, asked.canaryNegated[at]!),
  }))
}

type Cohort = 'stable' | 'canary'

function conditionsOn(keys: readonly Key[]): Omit<CohortTexts, 'requests' | 'answered'> {
  const values = keys.map(({ from }, at) => keyValue(from, `{key${at + 1}:String}`))
  const all = (cohort: Cohort, value: (at: number) => string, which: (key: Key) => boolean = () => true): string => {
    const asked = keys.flatMap((key, at) =>
      which(key) && key[cohort] !== 'nothing'
        ? [`${value(at)} ${key[cohort] === 'value' ? '=' : '!='} {${cohort}${at + 1}:String}`]
        : [],
    )
    return asked.length === 0 ? 'true' : asked.join('\nAND ')
  }
  const spanIn = (cohort: Cohort): string => sql`${all(cohort, (at) => values[at]!)}
AND (Test = {${cohort}Tests:Bool} OR (Test AND {traffic:String} = 'all'))`
  const seenIn = (cohort: Cohort, seen: string): string => all(cohort, (at) => `${seen}[${at + 1}]`)
  const seenAs = (seen: string): string => sql`${seenIn('stable', seen)}, 'stable',
${seenIn('canary', seen)}, 'canary',
''`
  const isFlag = ({ from }: Key): boolean => from === 'flag'
  const unitIn = (cohort: Cohort): string => {
    const flags = keys.flatMap((key, at) =>
      isFlag(key) && key[cohort] === 'any other' ? [`Values[${at + 1}] != '(mixed)'`] : [],
    )
    return [
      cohort === 'stable' ? 'MayBeStable' : 'MayBeCanary',
      ...(keys.some(isFlag) ? [all(cohort, (at) => `Values[${at + 1}]`, isFlag)] : []),
      ...flags,
      `(UnitTest OR NOT {${cohort}Tests:Bool})`,
    ].join('\nAND ')
  }
  return {
    seenValues: `[${values.join(',\n')}]`,
    spanInStable: spanIn('stable'),
    spanInCanary: spanIn('canary'),
    seenCohort: sql`multiIf(
  ${seenAs('Seen')})`,
    traceCohort: sql`multiIf(
  length(Seen) > 1, if(
    arrayExists(seen -> ${seenIn('stable', 'seen')}, Seen)
      AND arrayExists(seen -> ${seenIn('canary', 'seen')}, Seen),
    'both', ''),
  ${seenAs('Seen[1]')})`,
    askedAttributes: sql`[${values.join(',\n')}] AS SpanValues,
${all(
  'stable',
  (at) => `SpanValues[${at + 1}]`,
  (key) => !isFlag(key),
)} AS MayBeStable,
${all(
  'canary',
  (at) => `SpanValues[${at + 1}]`,
  (key) => !isFlag(key),
)} AS MayBeCanary`,
    unitInStable: unitIn('stable'),
    unitInCanary: unitIn('canary'),
    unitCounts: [
      'IsStable',
      'IsCanary',
      ...keys.flatMap((key, at) => (isFlag(key) ? [`Values[${at + 1}] = '(mixed)'`] : [])),
    ].join(' OR '),
  }
}

// FlagAttributes also covers spans that list all flags in one attribute.
function keyValue(from: Key['from'], key: string): string {
  if (from === 'resource') return `ResourceAttributes[${key}]`
  const own = from === 'flag' ? 'FlagAttributes' : 'SpanAttributes'
  return `if(${own}[${key}] != '', ${own}[${key}], ResourceAttributes[${key}])`
}

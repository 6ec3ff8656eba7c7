import type { Rates } from '@coalmine/stats'

/** Two plain series: numbers of both arms, or events out of n, row by row. */
export type PlainSeries =
  | { readonly kind: 'values'; readonly stable: readonly number[]; readonly canary: readonly number[] }
  | { readonly kind: 'rates'; readonly rows: readonly Rates[] }

const forms =
  'expected the columns stable,canary or stable.events,stable.n,canary.events,canary.n, or JSON with "stable" and "canary"'
const arms = ['stable', 'canary'] as const
const rateColumns = ['stable.events', 'stable.n', 'canary.events', 'canary.n'] as const

/**
 * Reads two series from CSV with a header, or from JSON. Columns `stable` and `canary` hold a number a row, and need not be of
 * one length; `stable.events`, `stable.n`, `canary.events` and `canary.n` hold counts of the same time in a row. JSON has
 * `stable` and `canary`, lists of numbers or of `{ "events": 1, "n": 100 }`.
 *
 * @param at names the text in errors, such as its file.
 * @throws {RangeError} naming the line, or the place in the JSON, and what was expected there.
 * @example readSeries('stable,canary\n10,11\n12,\n', 'series.csv') // { kind: 'values', stable: [10, 12], canary: [11] }
 */
export function readSeries(text: string, at: string): PlainSeries {
  const plain = text.replace(/^\uFEFF/, '')
  return /^\s*[{[]/.test(plain) ? fromJson(plain, at) : fromCsv(plain, at)
}

function fromCsv(text: string, at: string): PlainSeries {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }))
  const [head, ...rows] = lines.filter(({ line }) => line.trim() !== '')
  if (!head) throw new RangeError(`${at}: it is empty; ${forms}`)
  const names = cellsOf(head.line).map((name) => name.toLowerCase())
  const find = (wanted: readonly string[]): number[] | undefined => {
    const places = wanted.map((name) => names.indexOf(name))
    return places.includes(-1) ? undefined : places
  }
  const values = find(arms)
  if (values) {
    const column = (place: number): number[] =>
      rows.flatMap(({ line, number }) => {
        const cell = cellsOf(line)[place] ?? ''
        return cell === '' ? [] : [numberOf(cell, `${at}:${number}`)]
      })
    return { kind: 'values', stable: column(values[0]!), canary: column(values[1]!) }
  }
  const rates = find(rateColumns)
  if (!rates) throw new RangeError(`${at}:${head.number}: ${forms}, got "${head.line.trim()}"`)
  return {
    kind: 'rates',
    rows: rows.map(({ line, number }) => {
      const cells = cellsOf(line)
      const [events, n, canaryEvents, canaryN] = rates.map((place) => numberOf(cells[place] ?? '', `${at}:${number}`))
      return {
        stable: rate(events!, n!, `${at}:${number}: stable`),
        canary: rate(canaryEvents!, canaryN!, `${at}:${number}: canary`),
      }
    }),
  }
}

function fromJson(text: string, at: string): PlainSeries {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new RangeError(`${at}: not JSON: ${(error as Error).message}`)
  }
  const { stable, canary } = Object(content) as Record<string, unknown>
  if (!Array.isArray(stable) || !Array.isArray(canary)) throw new RangeError(`${at}: ${forms}`)
  if ([...stable, ...canary].some((one) => typeof one === 'object' && one !== null)) {
    if (stable.length !== canary.length) {
      throw new RangeError(
        `${at}: rates are compared row by row: expected as many of stable as of canary, got ${stable.length} and ${canary.length}`,
      )
    }
    return {
      kind: 'rates',
      rows: stable.map((one, row) => ({
        stable: rateOf(one, `${at}: stable[${row}]`),
        canary: rateOf(canary[row], `${at}: canary[${row}]`),
      })),
    }
  }
  const numbers = (some: readonly unknown[], name: string): number[] =>
    some.map((one, place) => finite(one, `${at}: ${name}[${place}]`))
  return { kind: 'values', stable: numbers(stable, 'stable'), canary: numbers(canary, 'canary') }
}

function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
}

function numberOf(cell: string, at: string): number {
  return finite(cell === '' ? Number.NaN : Number(cell), at, cell)
}

function finite(value: unknown, at: string, shown: unknown = value): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new RangeError(`${at}: expected a number, got ${JSON.stringify(shown)}`)
}

function rateOf(value: unknown, at: string): Rates['stable'] {
  const { events, n } = Object(value) as Record<string, unknown>
  return rate(finite(events, `${at}.events`), finite(n, `${at}.n`), at)
}

function rate(events: number, n: number, at: string): Rates['stable'] {
  if (Number.isSafeInteger(n) && Number.isSafeInteger(events) && events >= 0 && events <= n) return { n, events }
  throw new RangeError(`${at}: expected whole counts with no more events than n, got ${events} of ${n}`)
}

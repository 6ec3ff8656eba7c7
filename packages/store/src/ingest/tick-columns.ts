import type { TickWindow } from '../tick.ts'
import type { TickKey } from './tick-ledger.ts'

/** Ticks that are closed together, and their time range. */
export interface Closing extends TickWindow {
  readonly services: readonly string[]
  readonly ticks: readonly number[]
}

/** How many ticks one statement may name: a ClickHouse server takes a bound value of 128 KiB at most, http_max_field_value_size. */
export const mostTicksAtOnce = 1_000

/** Ticks as parameters of a statement, column by column. */
export function columnsOf(keys: readonly TickKey[]): { services: string[]; ticks: number[]; spans: number[] } {
  return {
    services: keys.map(({ service }) => service),
    ticks: keys.map(({ tick }) => tick),
    spans: keys.map(({ spans }) => spans),
  }
}

/** The same, split into as many statements as needed. */
export function* columnsInTurn(keys: readonly TickKey[]): Generator<ReturnType<typeof columnsOf>> {
  for (let at = 0; at < keys.length; at += mostTicksAtOnce) yield columnsOf(keys.slice(at, at + mostTicksAtOnce))
}

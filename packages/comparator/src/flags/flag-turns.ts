import { type ShareBlock, shareShift, shiftWindow } from '@coalmine/stats'
import { shareText } from '../numbers.ts'

/** How many requests met each variant of a flag in one minute, or in up to five combined. */
export interface FlagMinuteSeen {
  readonly minuteMs: number
  readonly requests: ReadonlyMap<string, number>
}

/** A change of a flag, detected from the requests that met it. */
export interface FlagTurn {
  /** The variant whose share moved most. */
  readonly variant: string
  /** The beginning of the first minutes that show it. */
  readonly atMs: number
  readonly before: number
  readonly after: number
  /** Both in a few words. */
  readonly what: string
}

// A user's requests come for some minutes and all meet one variant, so shorter blocks would not be independent.
/** Length of a block, in milliseconds. */
export const turnBlockMs: number = 5 * 60_000
// A share of fewer requests says little.
const fewest = 30

/** How far back minutes are needed to find a change within the last hour, in milliseconds. */
export const turnWindowMs: number = turnBlockMs * shiftWindow + 3_600_000

/**
 * Detects where a flag was turned, by the shares of its variants: all of six blocks of five minutes beyond all of up to forty before. By
 * chance this happens on less than one day in ten thousand if blocks are exchangeable; a client that sends a large part of all
 * requests for half an hour is not chance, and looks the same. Flags with fewer than six requests per minute are ignored.
 *
 * @param within selects the turns detected by blocks that end after `sinceMs` and by `untilMs`, when everything before it is
 * known. Returned in order.
 * @example flagTurns(minutes, { sinceMs: untilMs - 3_600_000, untilMs })[0]?.what // 'on 10 % -> 50 %'
 */
export function flagTurns(
  minutes: readonly FlagMinuteSeen[],
  { sinceMs, untilMs }: { readonly sinceMs: number; readonly untilMs: number },
): readonly FlagTurn[] {
  const blocks = blocksOf(minutes, untilMs)
  const turns: FlagTurn[] = []
  for (let end = 1; end <= blocks.length; end += 1) {
    if (blocks[end - 1]!.startMs + turnBlockMs <= sinceMs) continue
    const seen = blocks.slice(Math.max(0, end - shiftWindow), end)
    const sizes = seen.map(({ n }) => n).sort((a, b) => a - b)
    const turn = sizes[sizes.length >> 1]! < fewest ? undefined : shiftIn(seen)
    if (turn) turns.push(turn)
  }
  return turns
}

interface Block {
  readonly startMs: number
  readonly n: number
  readonly of: ReadonlyMap<string, number>
}

/** Whole blocks, aligned independently of when they are read, so that a turn is the same at every look. */
function blocksOf(minutes: readonly FlagMinuteSeen[], untilMs: number): readonly Block[] {
  const lastMs = Math.floor(untilMs / turnBlockMs) * turnBlockMs
  const blocks = new Map<number, Map<string, number>>()
  for (const { minuteMs: at, requests } of minutes) {
    const startMs = Math.floor(at / turnBlockMs) * turnBlockMs
    if (startMs >= lastMs) continue
    const of = blocks.get(startMs) ?? new Map<string, number>()
    for (const [variant, n] of requests) of.set(variant, (of.get(variant) ?? 0) + n)
    blocks.set(startMs, of)
  }
  return [...blocks]
    .sort(([a], [b]) => a - b)
    .map(([startMs, of]) => ({ startMs, n: [...of.values()].reduce((sum, one) => sum + one, 0), of }))
}

function shiftIn(blocks: readonly Block[]): FlagTurn | undefined {
  const variants = new Set(blocks.flatMap(({ of }) => [...of.keys()]))
  const found = [...variants].flatMap((variant) => {
    const shift = shareShift(blocks.map(({ n, of }): ShareBlock => ({ n, events: of.get(variant) ?? 0 })))
    return shift ? [{ variant, ...shift }] : []
  })
  // Of two complementary variants, the one that more users get now is reported.
  const [most] = found.sort(
    (a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || b.after - b.before - (a.after - a.before),
  )
  if (most === undefined) return undefined
  const { variant, before, after, at } = most
  return {
    variant,
    atMs: blocks[at]!.startMs,
    before,
    after,
    what: `${variant} ${shareText(before)} -> ${shareText(after)}`,
  }
}

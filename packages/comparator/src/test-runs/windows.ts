import type { Side, Slice } from '../slice.ts'
import { requestCount } from '../slice.ts'
import { blockMs, type UsersBlock } from './users-block.ts'

/** Some minutes without the run, as long as it or, where it was long, so long that there are ten of them. */
export interface MatchedWindow {
  /** When they begin, in milliseconds since 1970. */
  readonly fromMs: number
  readonly blocks: readonly UsersBlock[]
}

const mostWindows = 30
// With fewer, how much they differ is known so badly that margins are widened many times.
const usualWindows = 10

/**
 * The minutes without a run, cut into windows of its length, so that how much these differ tells how much the minutes of the run may.
 * A window has no gap in it.
 *
 * @param runBlocks how many blocks the run went on for.
 */
export function matchedWindows(without: readonly UsersBlock[], runBlocks: number): MatchedWindow[] {
  const times = [...new Set(without.map(({ fromMs }) => fromMs))].sort((a, b) => a - b)
  for (
    let length = Math.max(1, Math.min(runBlocks, Math.floor(times.length / usualWindows)));
    length >= 1;
    length -= 1
  ) {
    const found = cut(times, length)
    if (found.length >= 3) {
      const latest = found.slice(-mostWindows)
      return latest.map((window) => {
        const own = new Set(window)
        return { fromMs: window[0]!, blocks: without.filter(({ fromMs }) => own.has(fromMs)) }
      })
    }
  }
  return []
}

function cut(times: readonly number[], length: number): number[][] {
  const found: number[][] = []
  let window: number[] = []
  for (const at of times) {
    const last = window.at(-1)
    if (last !== undefined && at !== last + blockMs) window = []
    window.push(at)
    if (window.length === length) {
      found.push(window)
      window = []
    }
  }
  return found
}

/** Blocks as slices of one arm, so many milliseconds later; the other arm is empty. */
export function slicesOfBlocks(blocks: readonly UsersBlock[], arm: 'stable' | 'canary', laterMs: number): Slice[] {
  return blocks.flatMap(({ operation, fromMs, requests, errors, clientErrors, latency }) => {
    const slice = (metric: string, side: Side, none: Side): Slice => ({
      tick: fromMs + laterMs,
      operation,
      metric,
      stable: arm === 'stable' ? side : none,
      canary: arm === 'canary' ? side : none,
    })
    const rate = (events: number): Side => ({ kind: 'rate', n: requests, events })
    const noRate: Side = { kind: 'rate', n: 0, events: 0 }
    const empty = { ...latency, zero: 0, indices: [], counts: [] }
    return [
      slice(requestCount, { kind: 'count', n: requests }, { kind: 'count', n: 0 }),
      slice('errors', rate(errors), noRate),
      slice('client-errors', rate(clientErrors), noRate),
      slice(
        'latency',
        { kind: 'distribution', n: requests, histogram: latency },
        { kind: 'distribution', n: 0, histogram: empty },
      ),
    ]
  })
}

import { type FlagMinuteSeen, flagTurns, turnBlockMs, turnWindowMs } from '@coalmine/comparator'
import type { Change } from '@coalmine/store'
import type { Context } from '../context.ts'

/** Finds turned flags: those that applications report, and those whose variants' shares have moved. */
export interface TurnedFlags {
  /** Records new turns on the timeline. */
  readonly look: () => Promise<void>
}

const minuteMs = 60_000
// Ticks close late if spans arrive late, or after the server was down.
const lookBackMs = 5 * minuteMs
// More than this does not come from a flag service.
const mostHeard = 100
const longestKey = 500
const firstLookBackMs = 60 * minuteMs
const readAgainMs = 10 * minuteMs
// A share that moved in one block moves on in the next: that is the same turn.
const sameTurnMs = 10 * minuteMs

interface Known {
  readonly service: string
  readonly flag: string
  readonly blocks: Map<number, ReadonlyMap<string, number>>
}

/** Those of a server's store. What it has read of blocks it keeps in memory, of five hours. */
export function newTurnedFlags(
  { store, now }: Pick<Context, 'store' | 'now'>,
  readEveryMs: number = 2 * minuteMs,
): TurnedFlags {
  const kept = new Set<string>()
  const flags = new Map<string, Known>()
  const turnedMs = new Map<string, number>()
  let readToMs = 0
  let seenToMs = 0
  let readMs = 0
  let heardMs = 0

  const keepOnce = async (change: Change): Promise<void> => {
    if (kept.has(change.id)) return
    if (await store.changes.keep(change)) kept.add(change.id)
  }

  const heard = async (): Promise<void> => {
    const told = await store.flags.told(now() - (heardMs === 0 ? firstLookBackMs : lookBackMs))
    heardMs = now()
    for (const { service, environment, flag, atMs } of told.slice(0, mostHeard)) {
      if (flag.length > longestKey) continue
      const id = `openfeature/${service}/${environment}/${flag}/${Math.floor(atMs / 1000)}`
      await keepOnce({ ...nothingSaid, id, service, environment, flag, atMs, source: 'openfeature' })
    }
  }

  const readBlocks = async (): Promise<void> => {
    const toMs = Math.floor(now() / turnBlockMs) * turnBlockMs
    const oldestMs = toMs - turnWindowMs - readAgainMs
    const fromMs = Math.max(oldestMs, readToMs - readAgainMs)
    const rows = await store.flags.minutes({ fromMs, toMs, minutes: turnBlockMs / minuteMs })
    const counts = new Map<string, Map<number, Map<string, number>>>()
    for (const { service, flag, variant, minuteMs: at, requests } of rows) {
      const key = JSON.stringify([service, flag])
      const of = counts.get(key) ?? new Map<number, Map<string, number>>()
      counts.set(key, of)
      of.set(at, (of.get(at) ?? new Map()).set(variant, Number(requests)))
      if (!flags.has(key)) flags.set(key, { service, flag, blocks: new Map() })
    }
    for (const [key, { blocks }] of flags) {
      for (const [at, of] of counts.get(key) ?? []) blocks.set(at, of)
      for (const at of blocks.keys()) if (at < oldestMs) blocks.delete(at)
      if (blocks.size === 0) flags.delete(key)
    }
    readToMs = toMs
  }

  const seen = async (): Promise<void> => {
    const sinceMs = seenToMs === 0 ? readToMs - firstLookBackMs : seenToMs - readAgainMs
    for (const [key, { service, flag, blocks }] of flags) {
      const inOrder = [...blocks].sort(([a], [b]) => a - b)
      const all = inOrder.map(([at, requests]): FlagMinuteSeen => ({ minuteMs: at, requests }))
      for (const { atMs, what } of flagTurns(all, { sinceMs, untilMs: readToMs })) {
        if (Math.abs(atMs - (turnedMs.get(key) ?? 0)) <= sameTurnMs) continue
        turnedMs.set(key, atMs)
        const id = `spans/${service}/${flag}/${Math.floor(atMs / 1000)}`
        await keepOnce({ ...nothingSaid, id, service, flag, what, atMs, source: 'spans' })
      }
    }
    seenToMs = readToMs
  }

  return {
    look: async () => {
      await heard()
      // Reports are exact to the second; what is seen in requests, only to blocks of minutes.
      if (now() - readMs < readEveryMs) return
      readMs = now()
      await readBlocks()
      await seen()
    },
  }
}

const nothingSaid: Omit<Change, 'id' | 'flag' | 'atMs' | 'source'> = {
  kind: 'flag',
  service: '',
  version: '',
  what: '',
  author: '',
  mergedBy: '',
  commit: '',
  url: '',
  environment: '',
  changes: 0,
  committedMs: 0,
}

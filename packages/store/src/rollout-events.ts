import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import type { Access } from './opening.ts'

/** Something that happened to a rollout, as it is kept. */
export interface KeptRolloutEvent {
  readonly rollout: string
  /** Counts from 1 in each rollout. */
  readonly number: number
  readonly atMs: number
  readonly kind: string
  /** All of it, as JSON. */
  readonly event: string
}

/** What happened to rollouts, so that each goes on after a crash where it was. */
export interface RolloutEvents {
  /** Keeps an event; twice the same one counts once. Throws a StoreError where it cannot be kept. */
  readonly keep: (event: KeptRolloutEvent) => Promise<void>
  /** All events of rollouts that something happened to since a moment: one rollout after another, each in order. */
  readonly known: (sinceMs: number) => Promise<readonly KeptRolloutEvent[]>
}

/** The events of rollouts that an engine's store keeps. */
export function rolloutEventsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): RolloutEvents {
  return {
    keep: async (event) => {
      if (access !== 'all')
        throw new StoreError(
          'unavailable',
          'this store is read-only here, and a rollout must record there what it does',
        )
      if (isSpent())
        throw new StoreError('full', 'the disk of the store is full: what a rollout does cannot be recorded')
      await engine.write(keepRolloutEvent, { ...event })
    },
    known: async (sinceMs) =>
      // Who reads spans alone has no tables of ours.
      access === 'spans' ? [] : engine.read<KeptRolloutEvent>(knownRollouts, { sinceMs }),
  }
}

/** Keeps an event of a rollout. */
export const keepRolloutEvent = `
  INSERT INTO coalmine_rollouts
  SELECT {rollout:String}, {number:UInt32}, fromUnixTimestamp64Milli({atMs:Int64}), {kind:String}, {event:String}`

/** What happened to each rollout that something happened to since a moment. */
export const knownRollouts = `
  SELECT
    Rollout AS rollout, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Event AS event
  FROM coalmine_rollouts
  WHERE Rollout IN (
    SELECT Rollout
    FROM coalmine_rollouts
    WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}))
  ORDER BY Rollout, Number
  LIMIT 1 BY Rollout, Number`

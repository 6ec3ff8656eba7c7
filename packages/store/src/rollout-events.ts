import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import type { Access } from './opening.ts'

/** An event of a rollout, as stored. */
export interface KeptRolloutEvent {
  readonly rollout: string
  /** Counts from 1 in each rollout. */
  readonly number: number
  readonly atMs: number
  readonly kind: string
  /** The whole event, as JSON. */
  readonly event: string
}

/** Events of rollouts, kept so that each resumes where it was after a crash. */
export interface RolloutEvents {
  /** Stores an event; storing it twice has no effect. Throws a StoreError if it cannot be stored. */
  readonly keep: (event: KeptRolloutEvent) => Promise<void>
  /** All events of the rollouts with events since `sinceMs`, grouped by rollout, each in order. */
  readonly known: (sinceMs: number) => Promise<readonly KeptRolloutEvent[]>
}

/** Reads and keeps the events of rollouts in an engine's store. */
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
      // With access to spans alone there are no tables of ours.
      access === 'spans' ? [] : engine.read<KeptRolloutEvent>(knownRollouts, { sinceMs }),
  }
}

/** Stores an event of a rollout. */
export const keepRolloutEvent = `
  INSERT INTO coalmine_rollouts
  SELECT {rollout:String}, {number:UInt32}, fromUnixTimestamp64Milli({atMs:Int64}), {kind:String}, {event:String}`

/** All events of the rollouts with events since a given time. */
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

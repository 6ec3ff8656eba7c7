import type { SpaceWatch } from '../engine/space.ts'
import { StoreError } from '../errors.ts'

/** The contents of one insert: the rows of several callers, and who waits for them. */
export interface InsertGroup<Rows, Waiting> {
  readonly rows: Rows
  /** In the queue's unit of size. */
  size: number
  readonly waiting: Waiting[]
}

/** A caller waiting for its rows to be stored or refused. */
export interface Waiter {
  readonly stored: () => void
  readonly refused: (error: unknown) => void
}

/** A queue of inserts, in which calls that arrive together share an insert. */
export interface InsertQueue<Rows, Waiting> {
  /** Throws a StoreError of kind `busy` if `size` more would exceed the queue, of kind `full` if the disk has too little space. */
  readonly admit: (size: number) => void
  /** Has `put` add rows of an admitted size to the next insert. */
  readonly push: (size: number, put: (rows: Rows) => void, waiting: Waiting) => void
  /** Waits until no work is pending. */
  readonly drained: () => Promise<void>
  readonly state: () => InsertQueueState
}

/** How much is queued, and when and why the newest insert failed; undefined once one succeeds again. */
export interface InsertQueueState {
  readonly queued: number
  readonly failed: { readonly error: StoreError; readonly atMs: number } | undefined
}

interface InsertQueueOptions<Rows, Waiting> {
  readonly space: SpaceWatch | undefined
  /** The name of the queued items, for error messages. */
  readonly name: string
  /** The most that may be queued, and the most per insert. A single push may exceed both. */
  readonly mostQueued: number
  readonly mostTogether: number
  /** This much is inserted without waiting for more, and is prepared while the engine processes another insert. */
  readonly enough: number
  readonly newRows: () => Rows
  /** Inserts a group. If it throws, all waiting callers are told that their rows are not stored. */
  readonly write: (group: InsertGroup<Rows, Waiting>) => Promise<void>
  /** Called with rows that were inserted or refused and are no longer needed here. */
  readonly done?: (rows: Rows) => void
  readonly now: () => number
}

// Each insert creates a part that the engine must merge later, so small ones wait for more; exporters do not notice.
const insertEveryMs = 200

/** Starts a queue. */
export function startInsertQueue<Rows, Waiting extends Waiter>(
  options: InsertQueueOptions<Rows, Waiting>,
): InsertQueue<Rows, Waiting> {
  const { space, name, mostQueued, mostTogether, enough, newRows, write, done = () => {}, now } = options
  const queue: InsertGroup<Rows, Waiting>[] = []
  let queued = 0
  // The size of the queued groups that are not being written yet.
  let unbegun = 0
  let failed: InsertQueueState['failed']
  let wake: (() => void) | undefined
  let writing: Promise<void> | undefined
  let writingBeside: Promise<void> | undefined

  const groupFor = (size: number): InsertGroup<Rows, Waiting> => {
    const last = queue.at(-1)
    if (last && last.size + size <= mostTogether) return last
    const group = { rows: newRows(), size: 0, waiting: [] }
    queue.push(group)
    return group
  }

  const next = (): InsertGroup<Rows, Waiting> | undefined => {
    const group = queue.shift()
    unbegun -= group?.size ?? 0
    return group
  }

  const writeOne = async (group: InsertGroup<Rows, Waiting>): Promise<void> => {
    try {
      await write(group)
      failed = undefined
      for (const { stored } of group.waiting) stored()
    } catch (error) {
      if (error instanceof StoreError) failed = { error, atMs: now() }
      for (const { refused } of group.waiting) refused(error)
    }
    queued -= group.size
    done(group.rows)
  }

  const writeAll = async (): Promise<void> => {
    for (let group = next(); group; group = next()) {
      const started = performance.now()
      await writeOne(group)
      await company(insertEveryMs - (performance.now() - started))
    }
  }

  const company = (waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (waitMs <= 0 || unbegun >= enough) return resolve()
      wake = () => {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
      const timer = setTimeout(wake, waitMs)
    })

  return {
    admit: (size) => {
      if (queued > 0 && queued + size > mostQueued)
        throw new StoreError('busy', `too many ${name} are waiting to be stored; send again later`)
      space?.refuse()
    },
    push: (size, put, waiting) => {
      queued += size
      unbegun += size
      const group = groupFor(size)
      put(group.rows)
      group.size += size
      group.waiting.push(waiting)
      writing ??= writeAll().finally(() => {
        writing = undefined
      })
      if (unbegun < enough) return
      if (wake) wake()
      // The engine takes one group at a time; the next one is prepared meanwhile.
      else
        writingBeside ??= writeOne(next()!).finally(() => {
          writingBeside = undefined
        })
    },
    drained: async () => {
      await writing
      await writingBeside
    },
    state: () => ({ queued, failed }),
  }
}

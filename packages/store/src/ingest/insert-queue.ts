import type { SpaceWatch } from '../engine/space.ts'
import { StoreError } from '../errors.ts'

/** What one insert brings into the engine: what several callers gave, and who waits for it. */
export interface InsertGroup<Rows, Waiting> {
  readonly rows: Rows
  /** In the unit of the queue. */
  size: number
  readonly waiting: Waiting[]
}

/** Who waits to hear that what they gave is stored, or why not. */
export interface Waiter {
  readonly stored: () => void
  readonly refused: (error: unknown) => void
}

/** A way into the engine on which those that arrive together share an insert. */
export interface InsertQueue<Rows, Waiting> {
  /** Throws a StoreError, of kind `busy` when too much waits for so much more, of kind `full` while the disk has too little room. */
  readonly admit: (size: number) => void
  /** Lets `put` add so much, which was admitted, to the rows of the next insert, before that begins. */
  readonly push: (size: number, put: (rows: Rows) => void, waiting: Waiting) => void
  /** Waits until nothing is under way. */
  readonly drained: () => Promise<void>
  readonly state: () => InsertQueueState
}

/** How much waits, and why the newest insert failed and when that was; undefined once one succeeds again. */
export interface InsertQueueState {
  readonly queued: number
  readonly failed: { readonly error: StoreError; readonly atMs: number } | undefined
}

interface InsertQueueOptions<Rows, Waiting> {
  readonly space: SpaceWatch | undefined
  /** What waits, as its refusal names it. */
  readonly name: string
  /** How much may wait before more is refused, and how much one insert may be. A single push may be larger than both. */
  readonly mostQueued: number
  readonly mostTogether: number
  /** So much need not wait for company, and is brought to the engine while it takes another insert. */
  readonly enough: number
  readonly newRows: () => Rows
  /** Inserts a group. When it throws, nothing of it is stored as far as those know who wait for it. */
  readonly write: (group: InsertGroup<Rows, Waiting>) => Promise<void>
  /** Is given rows that were inserted or refused, and are of no more use here. */
  readonly done?: (rows: Rows) => void
  readonly now: () => number
}

// Each insert makes a part that the engine must merge later, so small ones wait for company; exporters do not notice.
const insertEveryMs = 200

/** Starts a queue. */
export function startInsertQueue<Rows, Waiting extends Waiter>(
  options: InsertQueueOptions<Rows, Waiting>,
): InsertQueue<Rows, Waiting> {
  const { space, name, mostQueued, mostTogether, enough, newRows, write, done = () => {}, now } = options
  const queue: InsertGroup<Rows, Waiting>[] = []
  let queued = 0
  // That of the queue's groups, which nobody has begun to write.
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
      // The engine takes one group at a time, and what it takes next is brought to it meanwhile.
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

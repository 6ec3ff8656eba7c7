/** Runs tasks in order of arrival, one at a time on each of a few places. */
export interface Lane<Place> {
  readonly run: <T>(work: (place: Place) => Promise<T>) => Promise<T>
}

/**
 * A lane over some places. What waits, waits here: statements that were handed to a connection together would each hold a
 * thread of Node's pool while they wait for the connection, until nothing else gets one: no insert, no file, no unpacking.
 */
export function newLane<Place>(places: () => readonly Place[]): Lane<Place> {
  const busy = new Set<number>()
  const waiting: ((at: number) => void)[] = []

  const enter = async (): Promise<number> => {
    const free = places().findIndex((_, at) => !busy.has(at))
    if (free >= 0) {
      busy.add(free)
      return free
    }
    return new Promise((given) => waiting.push(given))
  }

  const leave = (at: number): void => {
    const next = waiting.shift()
    if (next) next(at)
    else busy.delete(at)
  }

  return {
    run: async (work) => {
      const at = await enter()
      try {
        return await work(places()[at]!)
      } finally {
        leave(at)
      }
    },
  }
}

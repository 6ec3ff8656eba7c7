import { ServerError } from '../errors.ts'

/** Admits requests while the bytes of those in progress stay below a bound, across clients and protocols. */
export interface Admission {
  /** A request begins; it holds nothing yet. */
  readonly enter: () => Share
  /** Bytes that requests under way hold. */
  readonly heldBytes: () => number
}

/** One request's share of the bound. */
export interface Share {
  /** Adds bytes held by the request. Throws a ServerError with status 429 if there is no room. */
  readonly hold: (bytes: number) => void
  /** The request is over. */
  readonly leave: () => void
}

/** Bytes count as they arrive, not as announced by a header: announcing much and sending nothing blocks nobody. */
export function newAdmission(maxBytes: number): Admission {
  let underWay = 0
  return {
    heldBytes: () => underWay,
    enter: () => {
      let held = 0
      return {
        hold: (bytes) => {
          if (underWay + bytes > maxBytes)
            throw new ServerError('unavailable', 'the requests under way fill the memory for them; send again later', {
              status: 429,
              limit: 'memory',
            })
          underWay += bytes
          held += bytes
        },
        leave: () => {
          underWay -= held
          held = 0
        },
      }
    },
  }
}

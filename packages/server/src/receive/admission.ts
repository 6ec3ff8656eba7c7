import { ServerError } from '../errors.ts'

/** Lets requests in while the bytes of those under way stay below a bound, whatever the number of clients and their protocol. */
export interface Admission {
  /** A request begins; it holds nothing yet. */
  readonly enter: () => Share
  /** Bytes that requests under way hold. */
  readonly heldBytes: () => number
}

/** What one request holds of the bound. */
export interface Share {
  /** The request holds so many bytes more. Throws a ServerError with status 429 when there is no room. */
  readonly hold: (bytes: number) => void
  /** The request is over. */
  readonly leave: () => void
}

/** Bytes count as they come, not as a header announces them: who announces much and sends nothing holds nothing up. */
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

import { ServerError } from '../errors.ts'

/** Lets requests in while the bytes of those under way stay below a bound, whatever the number of clients. */
interface Admission {
  /** Gives what to call when the request is over. Throws a ServerError with status 429 when there is no room. */
  readonly enter: (bytes: number) => () => void
}

/** One request is let in however large it is: the limit of its body is another's. */
export function newAdmission(maxBytes: number): Admission {
  let underWay = 0
  return {
    enter: (bytes) => {
      if (underWay > 0 && underWay + bytes > maxBytes)
        throw new ServerError('unavailable', 'more requests are under way than fit into memory; send again later', {
          status: 429,
        })
      underWay += bytes
      return () => {
        underWay -= bytes
      }
    },
  }
}

// A service whose span metrics are counted as an SDK counts them: seeded, so that what is scraped is known.
import { randomOf } from '@coalmine/stats'

/** Upper bounds in milliseconds. */
export const bounds = [5, 10, 25, 50, 100, 250, 500, 1000]

/** What one process counted of one operation with one status. */
export interface Counted {
  readonly operation: string
  readonly failed: boolean
  /** Of classic buckets, the last for what is above all bounds. */
  readonly classic: number[]
  /** By bucket of a native histogram of schema 3, in seconds. */
  readonly native: Map<number, number>
  count: number
  sum: number
}

export interface Process {
  readonly version: string
  readonly instance: string
  readonly counted: Counted[]
  /** Serves so many requests more. */
  serve(requests: number): void
}

/** A process of which every latency is so many times that of others, and so many requests fail. */
export function processOf(
  version: string,
  instance: string,
  { seed, slower = 1, errors = 0.004 }: { readonly seed: number; readonly slower?: number; readonly errors?: number },
): Process {
  const random = randomOf(seed)
  const counted: Counted[] = []
  const of = (operation: string, failed: boolean): Counted => {
    const known = counted.find((one) => one.operation === operation && one.failed === failed)
    if (known) return known
    const made: Counted = {
      operation,
      failed,
      classic: bounds.map(() => 0).concat(0),
      native: new Map(),
      count: 0,
      sum: 0,
    }
    counted.push(made)
    return made
  }
  return {
    version,
    instance,
    counted,
    serve(requests) {
      for (let at = 0; at < requests; at += 1) {
        const [operation, median] =
          random() < 0.7 ? (['GET /products', 0.04] as const) : (['POST /checkout', 0.12] as const)
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
        const seconds = slower * median * Math.exp(0.5 * normal)
        const one = of(operation, random() < errors)
        const bucket = bounds.findIndex((bound) => seconds * 1000 <= bound)
        one.classic[bucket < 0 ? bounds.length : bucket]! += 1
        const index = Math.ceil(Math.log2(seconds) * 8) - 1
        one.native.set(index, (one.native.get(index) ?? 0) + 1)
        one.count += 1
        one.sum += seconds
      }
    },
  }
}

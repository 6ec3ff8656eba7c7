/** Work that is done step by step: whoever does it may do something else between them. */
export type Steps<Result> = Generator<undefined, Result, undefined>

/**
 * Does all of it at once.
 *
 * @example atOnce(judgeInSteps(slices, policy, facts)).verdict
 */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** What a map makes of each item, a step for each. */
export function* mappedInSteps<Item, Result>(items: readonly Item[], map: (item: Item) => Result): Steps<Result[]> {
  const results: Result[] = []
  for (const item of items) {
    results.push(map(item))
    yield
  }
  return results
}

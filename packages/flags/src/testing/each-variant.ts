import { type Flags, type FlagValue, withFlags } from './with-flags.ts'

/** Flags, each with the values to test. */
export type EachVariantFlags = Readonly<Record<string, readonly FlagValue[]>>

/**
 * Runs part of a test once for each combination of the flags' values, one after the other. Fails if any of them fails, with
 * the first error, whose message names the flags.
 *
 * @example await eachVariant({ 'free-shipping': [true, false] }, async () => assert((await shippingCost(cart)) >= 0))
 */
export async function eachVariant(flags: EachVariantFlags, run: (flags: Flags) => unknown): Promise<void> {
  const failures: { readonly flags: Flags; readonly error: unknown }[] = []
  const all = combinations(flags)
  for (const each of all) {
    try {
      await withFlags(each, () => run(each))
    } catch (error) {
      failures.push({ flags: each, error })
    }
  }
  const [first] = failures
  if (!first) return
  const where = failures.map((failure) => describe(failure.flags)).join('; ')
  const { error } = first
  if (error instanceof Error) {
    // The same error object, so that test runners still show its diff and location.
    const message = `with ${where} (${failures.length} of ${all.length}): ${error.message}`
    if (error.stack) error.stack = error.stack.replace(error.message, () => message)
    error.message = message
  }
  throw error
}

function combinations(flags: EachVariantFlags): Flags[] {
  return Object.entries(flags).reduce<Flags[]>(
    (all, [key, values]) => {
      if (values.length === 0) throw new RangeError(`eachVariant: the flag "${key}" has no values to try`)
      return all.flatMap((one) => values.map((value) => ({ ...one, [key]: value })))
    },
    [{}],
  )
}

function describe(flags: Flags): string {
  return Object.entries(flags)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')
}

export { type EachVariantFlags, eachVariant } from './each-variant.ts'
export { flagFunction } from './flag-function.ts'
export type { KnownFlags } from './known-flags.ts'
export { type Flags, type FlagValue, withFlags } from './with-flags.ts'

import { z } from 'zod'
import { type FlagDays, type FlagRule, type FlagRules, usualFlagRules } from '../flags/flag-rules.ts'
import { expectedInstead, type PolicyProblem, problemsOf } from './policy-schema.ts'
import { secondsOf } from './slo-schema.ts'

const daySeconds = 86_400
/** How many days back flag data goes. */
const mostDays = 100

const days = z
  .string({ error: ({ input }) => `expected whole days such as 30d, got ${JSON.stringify(input)}` })
  .transform((value, context) => {
    const found = (secondsOf(value) ?? 0) / daySeconds
    if (Number.isInteger(found) && found >= 1 && found <= mostDays) return found
    context.addIssue({
      code: 'custom',
      message: `expected whole days from 1d to ${mostDays}d, such as 30d, got ${JSON.stringify(value)}`,
    })
    return z.NEVER
  })

const lengths = {
  unseen: days.optional().describe('A flag is unseen when it has not been evaluated for this long. Default 30d.'),
  settled: days
    .optional()
    .describe('A flag is settled when only one variant has been served for this long. Default 14d.'),
  new: days.optional().describe('How long a flag is new after its first evaluation. Default 14d.'),
  stuck: days
    .optional()
    .describe('A flag is stuck when its shares have been partial and the same for this long. Default 30d.'),
}

const flag = z.strictObject({
  owner: z.string().min(1).optional().describe('Whom to ask about the flag.'),
  permanent: z
    .boolean()
    .optional()
    .describe('Whether the flag is meant to stay, such as a switch for emergencies. Default false.'),
  ...lengths,
})

const flags = z.strictObject({
  ...lengths,
  keys: z.record(z.string(), flag).optional().describe('Settings of single flags, by key.'),
})

type DaysRead = { readonly [Key in keyof FlagDays]?: number | undefined }
interface FlagsReadIn extends DaysRead {
  readonly keys?:
    | Readonly<
        Record<string, DaysRead & { readonly owner?: string | undefined; readonly permanent?: boolean | undefined }>
      >
    | undefined
}

/** `flags:` as written in `coalmine.yaml`, with days such as `30d`. */
export interface FlagsInput {
  readonly unseen?: string
  readonly settled?: string
  readonly new?: string
  readonly stuck?: string
  readonly keys?: Readonly<Record<string, FlagInput>>
}

/** The declaration of one flag. */
export interface FlagInput extends Omit<FlagsInput, 'keys'> {
  readonly owner?: string
  readonly permanent?: boolean
}

/** Validates `flags:` of a `coalmine.yaml`. */
export const flagsSchema: z.ZodType<FlagsReadIn> = flags.describe(
  'When a flag is ready to be removed, and who owns it, for "coalmine flags".',
)

/** The declarations about flags, or every problem with them. */
export type FlagsRead =
  | { readonly kind: 'flags'; readonly rules: FlagRules }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] }

/**
 * Reads the declarations about flags. A flag defaults to the values of the file, the file to the usual values.
 *
 * @example readFlags({ keys: { 'kill-switch': { permanent: true } } }) // { kind: 'flags', rules: ... }
 */
export function readFlags(input: unknown): FlagsRead {
  if (input === undefined) return { kind: 'flags', rules: usualFlagRules }
  const parsed = flagsSchema.safeParse(input, { error: expectedInstead })
  if (!parsed.success)
    return {
      kind: 'problems',
      problems: parsed.error.issues.flatMap((issue) =>
        problemsOf(issue, ['flags'], Object.keys(flag.shape).concat('keys')),
      ),
    }
  const { keys = {}, ...written } = parsed.data
  const all = daysOf(written, usualFlagRules.days)
  const rules = Object.entries(keys).map(([key, { owner, permanent = false, ...own }]): [string, FlagRule] => [
    key,
    { owner: owner ?? null, permanent, days: daysOf(own, all) },
  ])
  return { kind: 'flags', rules: { days: all, keys: new Map(rules) } }
}

const daysOf = (written: DaysRead, usual: FlagDays): FlagDays => ({
  unseen: written.unseen ?? usual.unseen,
  settled: written.settled ?? usual.settled,
  new: written.new ?? usual.new,
  stuck: written.stuck ?? usual.stuck,
})

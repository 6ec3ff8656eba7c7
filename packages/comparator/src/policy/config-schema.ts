import { z } from 'zod'
import { rolloutInputSchema } from '../rollout/plan-schema.ts'
import { flagsSchema } from './flags-schema.ts'
import { notifySchema } from './notify-schema.ts'
import { policyShape } from './policy-schema.ts'
import { sloSchema } from './slo-schema.ts'
import { type ComparedScope, comparedScopes, type Traffic, traffics } from './traffic.ts'

/** The comparison settings of a `coalmine.yaml`, besides its policy. */
interface ComparisonRead {
  readonly service?: string | undefined
  readonly stable?: string | undefined
  readonly canary?: string | undefined
  readonly traffic?: Traffic | undefined
  readonly audience?: string | undefined
  readonly scope?: ComparedScope | undefined
}

const text = z.string({ error: ({ input }) => `expected text, got ${JSON.stringify(input)}` })

const comparison = z.object({
  service: text.optional().describe('The service under test.'),
  stable: text.optional().describe('Which spans are stable, such as service.version=1.9.0.'),
  canary: text.optional().describe('Which spans are canary, such as service.version=2.0.0.'),
  traffic: z
    .enum(traffics, { error: ({ input }) => `expected one of ${traffics.join(', ')}, got ${JSON.stringify(input)}` })
    .optional()
    .describe('Whose requests are judged. Default users.'),
  audience: text.optional().describe('Only the requests of these audiences, separated by commas.'),
  scope: z
    .enum(comparedScopes, {
      error: ({ input }) => `expected one of ${comparedScopes.join(', ')}, got ${JSON.stringify(input)}`,
    })
    .optional()
    .describe('The requests that the service answers, or downstream: the calls that it makes. Default requests.'),
})

/** Validates the comparison settings of a `coalmine.yaml`. */
export const comparisonSchema: z.ZodType<ComparisonRead> = comparison

/** The keys of a `coalmine.yaml` that are about the comparison. */
export const comparisonKeys: readonly string[] = Object.keys(comparison.shape)

const rollout = rolloutInputSchema.describe('How coalmine rollout gives a new build to more and more users.')

/** The JSON Schema of `coalmine.yaml`, for editors. */
export function configJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(
    z.strictObject({
      ...comparison.shape,
      ...policyShape,
      notify: notifySchema.optional(),
      rollout: rollout.optional(),
      slo: sloSchema.optional(),
      flags: flagsSchema.optional(),
    }),
    { io: 'input' },
  )
  return { $schema, $id: 'urn:coalmine:config:1', title: 'coalmine.yaml', ...rest }
}

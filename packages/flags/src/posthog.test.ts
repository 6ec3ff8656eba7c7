import { type FeatureFlagEvaluations, PostHog, type PostHogOptions } from 'posthog-node'
import { expect, it } from 'vitest'
import { emitted, itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineClient } from './posthog.ts'

let client: PostHog
let unready: PostHog
let evaluations: FeatureFlagEvaluations

const flag = (id: number, key: string, tier: string, more: object = {}) => ({
  id,
  key,
  name: key,
  active: true,
  deleted: false,
  is_simple_flag: false,
  rollout_percentage: null,
  ensure_experience_continuity: false,
  experiment_set: [],
  filters: {
    groups: [
      { properties: [{ key: 'tier', type: 'person', operator: 'exact', value: [tier] }], rollout_percentage: 100 },
    ],
    ...more,
  },
})
const multivariate = {
  variants: [
    { key: 'blue', rollout_percentage: 100 },
    { key: 'red', rollout_percentage: 0 },
  ],
}
const definitions = {
  flags: [flag(1, 'new-pricing', 'gold'), flag(2, 'colour', 'gold', { multivariate }), flag(3, 'beta-search', 'none')],
  groupTypeMapping: {},
  cohorts: {},
}
const offline: PostHogOptions = {
  host: 'http://127.0.0.1:6553',
  personalApiKey: 'local',
  featureFlagsPollingInterval: 3_600_000,
  disableGeoip: true,
  fetch: () => Promise.reject(new Error('no network in tests')),
  flagDefinitionCacheProvider: {
    getFlagDefinitions: () => definitions as never,
    shouldFetchFlagDefinitions: () => false,
    onFlagDefinitionsReceived: () => {},
    shutdown: () => {},
  },
}
const of = async (posthog: PostHog, { id, tier }: User) =>
  posthog.evaluateFlags(id, { onlyEvaluateLocally: true, personProperties: { tier } })
const provider = 'posthog'

itKeepsTheContract({
  async start() {
    client = coalmineClient(new PostHog('local', offline))
    unready = coalmineClient(new PostHog('local', { host: offline.host!, fetch: offline.fetch! }))
    await client.reloadFeatureFlags()
    evaluations = await of(client, { id: 'nobody', tier: 'plain' })
    // Else each read would queue an event for the network.
    await Promise.all([client.optOut(), unready.optOut()])
  },
  async stop() {
    await Promise.all([client.shutdown(), unready.shutdown()])
  },
  cases: {
    boolean: {
      evaluate: async (user) => (await of(client, user)).isEnabled('new-pricing'),
      value: true,
      mark: 'true',
      known: { provider },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: async (user) => (await of(client, user)).getFlag('colour'),
      value: 'blue',
      mark: 'blue',
      named: true,
      known: { provider },
    },
    object: { cannot: 'a PostHog variant is a name; its payload is beside it' },
    'default served': {
      evaluate: async (user) => (await of(client, user)).getFlag('beta-search'),
      value: false,
      mark: 'false',
      known: { provider },
    },
    'unknown flag': {
      evaluate: async (user) => (await of(client, user)).isEnabled('unknown', { defaultValue: true }),
      value: true,
      mark: 'true',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': { cannot: 'a PostHog flag has no type' },
    'not ready': {
      evaluate: async (user) => (await of(unready, user)).isEnabled('new-pricing'),
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  also: [
    {
      name: 'a flag with variants, asked whether it is on',
      key: 'colour',
      evaluate: async (user) => {
        const flags = await of(client, user)
        return [flags.isEnabled('colour'), flags.getFlag('colour')]
      },
      value: [true, 'blue'],
      mark: 'blue',
    },
    {
      name: 'a flag asked for in the older way',
      key: 'colour',
      evaluate: ({ id, tier }) =>
        client.getFeatureFlag('colour', id, { onlyEvaluateLocally: true, personProperties: { tier } }),
      value: 'blue',
      mark: 'blue',
    },
  ],
  several: [
    ...[
      ['a payload', async (flags: FeatureFlagEvaluations) => flags.getFlagPayload('colour')] as const,
      ['a flag of a slice', async (flags: FeatureFlagEvaluations) => flags.only(['colour']).getFlag('colour')] as const,
      [
        'a flag of those that were read, once each',
        async (flags: FeatureFlagEvaluations) => {
          flags.getFlag('colour')
          return flags.onlyAccessed().getFlag('colour')
        },
      ] as const,
    ].map(([name, ask]) => ({
      name,
      evaluate: async (user: User) => ask(await of(client, user)),
      marks: { colour: 'blue' },
    })),
    {
      name: 'a payload that is asked of the client, with its variant',
      evaluate: ({ id, tier }) =>
        client.getFeatureFlagPayload('colour', id, undefined, {
          onlyEvaluateLocally: true,
          personProperties: { tier },
        }),
      marks: { colour: 'blue' },
    },
    ...(['getAllFlags', 'getAllFlagsAndPayloads'] as const).map((method) => ({
      name: `every flag of ${method}`,
      evaluate: ({ id, tier }: User) => client[method](id, { onlyEvaluateLocally: true, personProperties: { tier } }),
      marks: { 'new-pricing': 'true', colour: 'blue', 'beta-search': 'false' },
    })),
  ],
  asked: [
    {
      of: () => client,
      marked: [
        'evaluateFlags',
        'getAllFlags',
        'getAllFlagsAndPayloads',
        'getFeatureFlag',
        'getFeatureFlagPayload',
        'getFeatureFlagResult',
        'isFeatureEnabled',
      ],
      // A remote configuration is alike for everybody; the rest is PostHog's own business.
      unmarked: [
        'buildPayload',
        'compressPayload',
        'createFeatureFlagEvaluationContext',
        'getFeatureFlagDetailStateless',
        'getFeatureFlagDetailsStateless',
        'getFeatureFlagEvaluationRuntime',
        'getFeatureFlagKeysByEvaluationRuntime',
        'getFeatureFlagPayloadStateless',
        'getFeatureFlagPayloadsStateless',
        'getFeatureFlagStateless',
        'getFeatureFlagsAndPayloadsStateless',
        'getFeatureFlagsForEvent',
        'getFeatureFlagsStateless',
        'getFlags',
        'getFlagsResponseFormat',
        'getRemoteConfig',
        'getRemoteConfigPayload',
        'isLocalEvaluationReady',
        'isMinimalFlagCalledEventsEnabled',
        'overrideFeatureFlags',
        'reloadFeatureFlags',
      ],
    },
    {
      of: () => evaluations,
      marked: ['getFlag', 'getFlagPayload', 'isEnabled', 'only', 'onlyAccessed'],
      unmarked: [],
    },
  ],
})

it('tells rule and version, where PostHog evaluated the flag', async () => {
  const answer = {
    flags: {
      'new-pricing': {
        key: 'new-pricing',
        enabled: true,
        reason: { code: 'condition_match', condition_index: 0, description: 'Matched condition set 1' },
        metadata: { id: 1, version: 4 },
      },
    },
  }
  const remote = new PostHog('local', {
    host: 'http://127.0.0.1:6553',
    fetch: async () => new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } }),
  })
  await remote.optOut()
  const flags = await coalmineClient(remote).evaluateFlags('jane@example.com')
  expect(flags.isEnabled('new-pricing')).toBe(true)
  await remote.shutdown()
  expect(emitted()).toEqual([
    {
      eventName: 'feature_flag.evaluation',
      'feature_flag.key': 'new-pricing',
      'feature_flag.result.value': 'true',
      'feature_flag.result.reason': 'targeting_match',
      'coalmine.rule.id': 'condition set 1',
      'feature_flag.version': '4',
      'feature_flag.provider.name': 'posthog',
    },
  ])
})

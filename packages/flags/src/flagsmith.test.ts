import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DefaultFlag, type Flags, Flagsmith, LocalFileHandler } from 'flagsmith-nodejs'
import { pino } from 'pino'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineClient } from './flagsmith.ts'

const directory = mkdtempSync(join(tmpdir(), 'coalmine-flagsmith-'))
const logger = pino({ level: 'silent' })
const provider = 'flagsmith'
let client: Flagsmith
let unready: Flagsmith
let flags: Flags

const state = (id: number, name: string, enabled: boolean, value: unknown, more: object = {}) => ({
  django_id: id,
  featurestate_uuid: `00000000-0000-0000-0000-00000000000${id}`,
  feature: { id, name, type: 'STANDARD' },
  enabled,
  feature_state_value: value,
  multivariate_feature_state_values: [],
  ...more,
})
const wholly = {
  percentage_allocation: 100,
  id: 1,
  mv_fs_value_uuid: '1',
  multivariate_feature_option: { id: 1, value: 'blue' },
}
// An environment document, as Flagsmith's command line downloads it.
const environment = {
  id: 1,
  api_key: 'key',
  name: 'local',
  project: {
    id: 1,
    name: 'shop',
    hide_disabled_flags: false,
    organisation: { id: 1, name: 'o', feature_analytics: false, stop_serving_flags: false, persist_trait_data: false },
    segments: [
      {
        id: 1,
        name: 'gold tier',
        rules: [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property_: 'tier', value: 'gold' }] }],
        feature_states: [state(1, 'new-pricing', true, null, { feature_segment: { priority: 0 } })],
      },
    ],
  },
  feature_states: [
    state(1, 'new-pricing', false, null),
    state(2, 'colour', true, 'red', { multivariate_feature_state_values: [wholly] }),
    state(3, 'beta-search', true, 'v1'),
  ],
}
const ofUser = (flagsmith: Flagsmith, { id, tier }: User) => flagsmith.getIdentityFlags(id, { tier })

itKeepsTheContract({
  async start() {
    const file = join(directory, 'environment.json')
    writeFileSync(file, JSON.stringify(environment))
    client = coalmineClient(new Flagsmith({ offlineMode: true, offlineHandler: new LocalFileHandler(file), logger }))
    unready = coalmineClient(
      new Flagsmith({
        environmentKey: 'key',
        apiUrl: 'http://127.0.0.1:6553/',
        fetch: () => Promise.reject(new Error('no network in tests')),
        retries: 0,
        logger,
        defaultFlagHandler: () => new DefaultFlag(null, false),
      }),
    )
    flags = await client.getEnvironmentFlags()
  },
  async stop() {
    await Promise.all([client.close(), unready.close()])
    rmSync(directory, { recursive: true })
  },
  cases: {
    boolean: {
      evaluate: async (user) => (await ofUser(client, user)).isFeatureEnabled('new-pricing'),
      value: true,
      mark: 'true',
      known: { provider, reason: 'targeting_match', ruleId: 'gold tier' },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: async (user) => (await ofUser(client, user)).getFeatureValue('colour'),
      value: 'blue',
      mark: 'blue',
      known: { provider, reason: 'split' },
    },
    object: { cannot: 'a Flagsmith value is a boolean, a number or a text' },
    'default served': {
      evaluate: async (user) => (await ofUser(client, user)).getFlag('beta-search').value,
      value: 'v1',
      mark: 'v1',
      known: { provider, reason: 'default' },
    },
    'unknown flag': {
      evaluate: async (user) => (await ofUser(client, user)).getFeatureValue('unknown'),
      value: undefined,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': { cannot: 'a Flagsmith flag has no type' },
    'not ready': {
      evaluate: async (user) => (await ofUser(unready, user)).isFeatureEnabled('new-pricing'),
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  also: [
    {
      name: 'a feature alike, whichever way it is asked for',
      key: 'beta-search',
      evaluate: async () => {
        const flags = await client.getEnvironmentFlags()
        return [flags.isFeatureEnabled('beta-search'), flags.getFeatureValue('beta-search')]
      },
      value: [true, 'v1'],
      mark: 'v1',
    },
  ],
  several: [
    {
      name: 'every feature of allFlags',
      evaluate: async (user) => (await ofUser(client, user)).allFlags(),
      marks: { 'new-pricing': 'true', colour: 'blue', 'beta-search': 'v1' },
    },
  ],
  asked: [
    {
      of: () => client,
      marked: ['getEnvironmentFlags', 'getIdentityFlags'],
      // Its own, which those two call.
      unmarked: [
        'getEnvironmentFlagsFromApi',
        'getEnvironmentFlagsFromDocument',
        'getIdentityFlagsFromApi',
        'getIdentityFlagsFromDocument',
      ],
    },
    {
      of: () => flags,
      marked: ['allFlags', 'getFeatureValue', 'getFlag', 'isFeatureEnabled'],
      unmarked: [],
    },
  ],
})

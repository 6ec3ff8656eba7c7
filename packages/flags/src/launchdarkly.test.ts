import {
  basicLogger,
  init,
  type LDClient,
  type LDFlagsState,
  LDMigrationStage,
  type LDOptions,
} from '@launchdarkly/node-server-sdk'
import { TestData } from '@launchdarkly/node-server-sdk/integrations'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineClient, coalmineHook } from './launchdarkly.ts'

let client: LDClient
let unready: LDClient
let state: LDFlagsState

const offline: LDOptions = {
  sendEvents: false,
  diagnosticOptOut: true,
  logger: basicLogger({ level: 'none' }),
  hooks: [coalmineHook()],
}
const neverReady = () => ({ start() {}, stop() {}, close() {} })
const of = ({ id, tier }: User) => ({ kind: 'user', key: id, email: id, tier })
const provider = 'launchdarkly'

itKeepsTheContract({
  async start() {
    const data = new TestData()
    await data.update(
      data.flag('new-pricing').ifMatch('user', 'tier', 'gold').thenReturn(true).fallthroughVariation(false),
    )
    await data.update(data.flag('colour').variations('red', 'green', 'blue').fallthroughVariation(2))
    await data.update(data.flag('layout').valueForAll({ columns: 3 }))
    await data.update(
      data.flag('beta-search').ifMatch('user', 'tier', 'none').thenReturn(true).fallthroughVariation(false),
    )
    client = coalmineClient(init('local', { ...offline, updateProcessor: data.getFactory() }))
    unready = init('local', { ...offline, updateProcessor: neverReady })
    await client.waitForInitialization({ timeout: 5 })
    state = await client.allFlagsState({ kind: 'user', key: 'nobody' })
  },
  stop() {
    client.close()
    unready.close()
  },
  cases: {
    boolean: {
      evaluate: (user) => client.boolVariation('new-pricing', of(user), false),
      value: true,
      mark: 'true',
      known: { provider, reason: 'targeting_match', ruleId: 'rule0' },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: (user) => client.stringVariation('colour', of(user), 'black'),
      value: 'blue',
      mark: 'blue',
      known: { provider, reason: 'default' },
    },
    object: {
      evaluate: (user) => client.jsonVariation('layout', of(user), {}),
      value: { columns: 3 },
      mark: 'f5f6df68f4fb',
      known: { provider, reason: 'default' },
    },
    'default served': {
      evaluate: (user) => client.variation('beta-search', of(user), true),
      value: false,
      mark: 'false',
      known: { provider, reason: 'default' },
    },
    'unknown flag': {
      evaluate: (user) => client.variation('unknown', of(user), 'fallback'),
      value: 'fallback',
      mark: 'fallback',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': {
      evaluate: (user) => client.numberVariation('new-pricing', of(user), 7),
      value: 7,
      mark: '7',
      known: { provider, reason: 'error', errorType: 'type_mismatch' },
    },
    'not ready': {
      evaluate: (user) => unready.boolVariation('new-pricing', of(user), false),
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  several: [
    {
      name: 'each flag that is read of allFlagsState, and no other',
      evaluate: async (user) => {
        const state = await client.allFlagsState(of(user), { withReasons: true })
        return [state.getFlagValue('new-pricing'), state.getFlagValue('unknown')]
      },
      marks: { 'new-pricing': 'true', unknown: 'undefined' },
    },
    ...[
      ['allValues()', (state: LDFlagsState) => state.allValues()] as const,
      ['JSON, for a page', (state: LDFlagsState) => JSON.stringify(state)] as const,
    ].map(([name, read]) => ({
      name: `every flag of allFlagsState as ${name}`,
      evaluate: async (user: User) => read(await client.allFlagsState(of(user))),
      marks: { 'new-pricing': 'true', colour: 'blue', layout: 'f5f6df68f4fb', 'beta-search': 'false' },
    })),
    {
      name: 'a stage of a migration, and a variation however it is asked for',
      evaluate: async (user) => {
        await client.migrationVariation('moving', of(user), LDMigrationStage.Off)
        await client.variationDetail('colour', of(user), 'black')
        await client.stringVariationDetail('colour', of(user), 'black')
        await client.boolVariationDetail('new-pricing', of(user), false)
        await client.jsonVariationDetail('layout', of(user), {})
        await client.numberVariationDetail('unknown', of(user), 7)
      },
      marks: { moving: 'off', colour: 'blue', 'new-pricing': 'true', layout: 'f5f6df68f4fb', unknown: '7' },
    },
  ],
  asked: [
    {
      of: () => client,
      marked: [
        'allFlagsState',
        'boolVariation',
        'boolVariationDetail',
        'jsonVariation',
        'jsonVariationDetail',
        'migrationVariation',
        'numberVariation',
        'numberVariationDetail',
        'stringVariation',
        'stringVariationDetail',
        'variation',
        'variationDetail',
      ],
      unmarked: ['isOffline'],
    },
    { of: () => state, marked: ['allValues', 'getFlagValue'], unmarked: ['getFlagReason'] },
  ],
})

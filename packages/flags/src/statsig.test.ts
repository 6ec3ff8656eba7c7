import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Statsig, StatsigUser } from '@statsig/statsig-node-core'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineClient } from './statsig.ts'

// Definitions as Statsig's network delivers them, from a server on this machine.
const shared = { salt: 's', enabled: true, idType: 'userID', version: 7 }
const gate = (rules: unknown[]) => ({
  ...shared,
  type: 'feature_gate',
  entity: 'feature_gate',
  defaultValue: false,
  rules,
})
const config = (entity: string, defaultValue: unknown, rules: unknown[]) => ({
  ...shared,
  type: 'dynamic_config',
  entity,
  defaultValue,
  rules,
  isActive: true,
})
const rule = (id: string, returnValue: unknown, condition: string) => ({
  id,
  name: id,
  salt: id,
  groupName: id,
  passPercentage: 100,
  conditions: [condition],
  returnValue,
  idType: 'userID',
})
const tier = (value: string) => ({
  type: 'user_field',
  field: 'tier',
  operator: 'any',
  targetValue: [value],
  additionalValues: {},
  idType: 'userID',
})
const definitions = {
  has_updates: true,
  time: 1_700_000_000_000,
  condition_map: { gold: tier('gold'), none: tier('none') },
  feature_gates: {
    'new-pricing': gate([rule('gold-tier', true, 'gold')]),
    'beta-search': gate([rule('nobody', true, 'none')]),
  },
  dynamic_configs: {
    layout: config('dynamic_config', { columns: 3 }, []),
    colour: config('experiment', { colour: 'red' }, [rule('blue', { colour: 'blue' }, 'gold')]),
  },
  layer_configs: {},
  experiment_to_layer: {},
  param_stores: {
    texts: { targetAppIDs: [], parameters: { button: { ref_type: 'static', param_type: 'string', value: 'Buy' } } },
  },
}

let server: Server
let client: Statsig
let unready: Statsig

const of = ({ id, tier }: User) => new StatsigUser({ userID: id, email: id, custom: { tier } })
const offline = { disableAllLogging: true, disableCountryLookup: true, outputLogLevel: 'none' } as const
const provider = 'statsig'

itKeepsTheContract({
  async start() {
    server = createServer((_, response) => response.end(JSON.stringify(definitions))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const specsUrl = `http://127.0.0.1:${port}/v2/download_config_specs`
    client = coalmineClient(new Statsig('secret-local', { ...offline, specsUrl, specsSyncIntervalMs: 3_600_000 }))
    unready = coalmineClient(new Statsig('secret-local', { ...offline, disableNetwork: true }))
    await client.initialize()
    client.overrideGate('forced', true)
  },
  async stop() {
    await Promise.all([client.shutdown(), unready.shutdown()])
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  },
  cases: {
    boolean: {
      evaluate: (user) => client.getFeatureGate(of(user), 'new-pricing').value,
      value: true,
      mark: 'true',
      known: { provider, reason: 'targeting_match', ruleId: 'gold-tier', version: '7' },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: (user) => client.getExperiment(of(user), 'colour').get('colour', 'black'),
      value: 'blue',
      mark: 'blue',
      named: true,
      known: { provider, reason: 'split', ruleId: 'blue', version: '7' },
    },
    object: {
      evaluate: (user) => client.getDynamicConfig(of(user), 'layout').value,
      value: { columns: 3 },
      mark: 'f5f6df68f4fb',
      known: { provider, reason: 'default', version: '7' },
    },
    'default served': {
      evaluate: (user) => client.getFeatureGate(of(user), 'beta-search').value,
      value: false,
      mark: 'false',
      known: { provider, reason: 'default', version: '7' },
    },
    'unknown flag': {
      evaluate: (user) => client.getFeatureGate(of(user), 'unknown').value,
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': { cannot: 'to Statsig a gate that is asked for as a configuration is an unknown configuration' },
    'not ready': {
      evaluate: (user) => unready.getFeatureGate(of(user), 'new-pricing').value,
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  also: [
    {
      name: 'a gate that is only checked',
      key: 'new-pricing',
      evaluate: (user) => client.checkGate(of(user), 'new-pricing'),
      value: true,
      mark: 'true',
    },
    {
      name: 'a gate that is overridden',
      key: 'forced',
      evaluate: (user) => client.getFeatureGate(of(user), 'forced').value,
      value: true,
      mark: 'true',
    },
  ],
  several: [
    {
      name: 'each parameter that is read of a store',
      evaluate: (user) => {
        const store = client.getParameterStore(of(user), 'texts')
        return [store.getValue('button', 'Order'), store.getValue('title', 'Cart')]
      },
      marks: { 'texts.button': 'Buy', 'texts.title': 'Cart' },
    },
    {
      name: 'an experiment that is asked for by the name of a group',
      evaluate: () => client.getExperimentByGroupName('colour', 'blue').value,
      marks: { colour: 'blue' },
    },
    {
      name: 'an experiment that is asked for by the id of a group',
      evaluate: () => client.getExperimentByGroupIdAdvanced('colour', 'blue').value,
      marks: { colour: 'blue' },
    },
  ],
  asked: [
    {
      of: () => client,
      marked: [
        'checkGate',
        'getDynamicConfig',
        'getExperiment',
        'getExperimentByGroupIdAdvanced',
        'getExperimentByGroupName',
        'getFeatureGate',
        'getLayer',
        'getParameterStore',
      ],
      // They tell what there is, or log what was asked before.
      unmarked: [
        'getDynamicConfigList',
        'getExperimentGroups',
        'getExperimentList',
        'getFeatureGateList',
        'getFieldsNeededForDynamicConfig',
        'getFieldsNeededForExperiment',
        'getFieldsNeededForGate',
        'getFieldsNeededForLayer',
        'getLayerList',
        'getParameterStoreList',
        'getParsedUserAgentValueForUser',
        'manuallyLogDynamicConfigExposure',
        'manuallyLogExperimentExposure',
        'manuallyLogFeatureGateExposure',
        'manuallyLogLayerParamExposure',
        'overrideDynamicConfig',
        'overrideExperiment',
        'overrideExperimentByGroupName',
        'overrideGate',
        'overrideLayer',
        'overrideParameterStore',
        'removeDynamicConfigOverride',
        'removeExperimentOverride',
        'removeGateOverride',
        'removeLayerOverride',
        'removeParameterStoreOverride',
      ],
    },
    {
      of: () => client.getParameterStore(of({ id: 'nobody', tier: 'plain' }), 'texts'),
      marked: ['getValue'],
      unmarked: ['getEvaluationDetails'],
    },
  ],
})

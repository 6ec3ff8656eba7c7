import { type Experiment, GrowthBook, GrowthBookClient } from '@growthbook/growthbook'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineCallback, coalmineClient } from './growthbook.ts'

let client: GrowthBookClient
let unready: GrowthBookClient

const ofGold = { tier: 'gold' }
const features = {
  'new-pricing': { defaultValue: false, rules: [{ id: 'fr_gold', condition: ofGold, force: true }] },
  colour: {
    defaultValue: 'red',
    rules: [
      {
        id: 'fr_colour',
        variations: ['red', '#00f'],
        weights: [0, 1],
        meta: [
          { key: '0', name: 'control' },
          { key: '1', name: 'blue' },
        ],
        hashAttribute: 'id',
      },
    ],
  },
  layout: { defaultValue: { columns: 3 } },
  'beta-search': { defaultValue: false, rules: [{ id: 'fr_none', condition: { tier: 'none' }, force: true }] },
}
const of = ({ id, tier }: User) => ({ attributes: { id, email: id, tier } })
const provider = 'growthbook'
const inline: Experiment<string> = {
  key: 'button-text',
  variations: ['Buy', 'Buy it now'],
  weights: [0, 1],
  meta: [{ name: 'short' }, { name: 'long' }],
}

itKeepsTheContract({
  start() {
    client = coalmineClient(
      new GrowthBookClient({ onFeatureUsage: coalmineCallback() }).initSync({ payload: { features } }),
    )
    unready = new GrowthBookClient({ onFeatureUsage: coalmineCallback() })
  },
  stop() {
    client.destroy()
    unready.destroy()
  },
  cases: {
    boolean: {
      evaluate: (user) => client.isOn('new-pricing', of(user)),
      value: true,
      mark: 'true',
      known: { provider, reason: 'targeting_match', ruleId: 'fr_gold' },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: (user) => client.getFeatureValue('colour', 'black', of(user)),
      value: '#00f',
      mark: 'blue',
      named: true,
      known: { provider, reason: 'split', ruleId: 'fr_colour' },
    },
    object: {
      evaluate: (user) => client.getFeatureValue('layout', {}, of(user)),
      value: { columns: 3 },
      mark: 'f5f6df68f4fb',
      known: { provider, reason: 'default' },
    },
    'default served': {
      evaluate: (user) => client.evalFeature('beta-search', of(user)).value,
      value: false,
      mark: 'false',
      known: { provider, reason: 'default' },
    },
    'unknown flag': {
      evaluate: (user) => client.getFeatureValue('unknown', 'fallback', of(user)),
      value: 'fallback',
      // The callback does not know the caller's default.
      mark: 'null',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': { cannot: 'GrowthBook types a feature in TypeScript alone' },
    'not ready': {
      evaluate: (user) => unready.isOn('new-pricing', of(user)),
      value: false,
      mark: 'null',
      // GrowthBook does not tell a feature it has not loaded from one that does not exist.
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
  },
  also: [
    {
      name: 'a feature of a scoped instance',
      key: 'new-pricing',
      evaluate: (user) => client.createScopedInstance(of(user)).isOn('new-pricing'),
      value: true,
      mark: 'true',
    },
  ],
  several: [
    ...[
      ['the client', ({ id }: User) => client.runInlineExperiment(inline, { attributes: { id } })] as const,
      [
        'an instance for the user',
        ({ id }: User) => client.createScopedInstance({ attributes: { id } }).runInlineExperiment(inline),
      ] as const,
      [
        'an instance of the older kind',
        ({ id }: User) => coalmineClient(new GrowthBook({ attributes: { id } })).run(inline),
      ] as const,
    ].map(([name, evaluate]) => ({
      name: `an experiment that is run inline, by ${name}`,
      evaluate,
      marks: { 'button-text': 'long' },
    })),
    {
      name: 'whom an inline experiment leaves out, with what is served then',
      evaluate: () => client.runInlineExperiment(inline, { attributes: {} }),
      marks: { 'button-text': 'Buy' },
    },
  ],
  asked: [
    {
      of: () => client,
      marked: ['evalFeature', 'getFeatureValue', 'isOff', 'isOn', 'runInlineExperiment'],
      unmarked: [
        'getDecryptedPayload',
        'getFeatures',
        'getPayload',
        'isDestroyed',
        'refreshFeatures',
        'setFeatureUsageCallback',
        'setPayload',
      ],
    },
    {
      of: () => client.createScopedInstance({ attributes: {} }),
      marked: ['evalFeature', 'getFeatureValue', 'isOff', 'isOn', 'runInlineExperiment'],
      unmarked: ['getDecryptedPayload', 'setFeatureUsageCallback', 'setForcedFeatures', 'setForcedVariations'],
    },
    {
      of: () => new GrowthBook({}),
      marked: ['evalFeature', 'feature', 'getFeatureValue', 'isOff', 'isOn', 'run'],
      // The two that trigger are for experiments on a page, in a browser.
      unmarked: [
        'forceVariation',
        'getDecryptedPayload',
        'getExperiments',
        'getFeatures',
        'getForcedFeatures',
        'getForcedVariations',
        'getPayload',
        'isDestroyed',
        'isRemoteEval',
        'loadFeatures',
        'refreshFeatures',
        'setEncryptedExperiments',
        'setEncryptedFeatures',
        'setExperiments',
        'setFeatureUsageCallback',
        'setFeatures',
        'setForcedFeatures',
        'setForcedVariations',
        'setPayload',
        'triggerAutoExperiments',
        'triggerExperiment',
      ],
    },
  ],
})

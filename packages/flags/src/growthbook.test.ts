import { GrowthBookClient } from '@growthbook/growthbook'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineCallback } from './growthbook.ts'

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

itKeepsTheContract({
  start() {
    client = new GrowthBookClient({ onFeatureUsage: coalmineCallback() }).initSync({ payload: { features } })
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
})

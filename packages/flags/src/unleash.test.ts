import { once } from 'node:events'
import { InMemStorageProvider, PayloadType, Unleash, type UnleashConfig } from 'unleash-client'
import { expect, it } from 'vitest'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineClient } from './unleash.ts'

let client: Unleash
let unready: Unleash

const offline: UnleashConfig = {
  appName: 'shop',
  url: 'http://127.0.0.1:6553/api/',
  refreshInterval: 0,
  metricsInterval: 0,
  disableMetrics: true,
  disableAutoStart: true,
  skipInstanceCountWarning: true,
  storageProvider: new InMemStorageProvider(),
}
const forGold = { name: 'default', parameters: {}, constraints: [constraint('gold')] }
const forNobody = { name: 'default', parameters: {}, constraints: [constraint('none')] }
const variants = [
  { name: 'blue', weight: 1000, payload: { type: PayloadType.STRING, value: '#00f' } },
  { name: 'red', weight: 0 },
]
const features = [
  { name: 'new-pricing', enabled: true, impressionData: true, strategies: [forGold] },
  { name: 'colour', enabled: true, strategies: [forGold], variants },
  {
    name: 'by-strategy',
    enabled: true,
    strategies: [{ ...forGold, variants: [{ ...variants[0]!, stickiness: 'default' }] }],
  },
  { name: 'beta-search', enabled: true, strategies: [forNobody] },
  { name: 'archived', enabled: false, strategies: [] },
]
const of = ({ id, tier }: User) => ({ userId: id, properties: { tier } })
const provider = 'unleash'

itKeepsTheContract({
  async start() {
    client = coalmineClient(new Unleash({ ...offline, bootstrap: { data: features } }))
    unready = coalmineClient(new Unleash(offline))
    unready.on('warn', () => {})
    await Promise.all([once(client, 'ready'), client.start()])
  },
  stop() {
    client.destroy()
    unready.destroy()
  },
  cases: {
    boolean: {
      evaluate: (user) => client.isEnabled('new-pricing', of(user)),
      value: true,
      mark: 'true',
      known: { provider },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: (user) => client.getVariant('colour', of(user)).name,
      value: 'blue',
      mark: 'blue',
      named: true,
      known: { provider },
    },
    object: { cannot: 'an Unleash variant is a name; its payload is beside it' },
    'default served': {
      evaluate: (user) => client.isEnabled('beta-search', of(user)),
      value: false,
      mark: 'false',
      known: { provider },
    },
    'unknown flag': {
      evaluate: (user) => client.isEnabled('unknown', of(user), true),
      value: true,
      mark: 'true',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': { cannot: 'an Unleash flag has no type' },
    'not ready': {
      evaluate: (user) => unready.isEnabled('new-pricing', of(user)),
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  also: [
    {
      name: 'a flag with variants, asked whether it is on',
      key: 'colour',
      evaluate: (user) => [client.isEnabled('colour', of(user)), client.getVariant('colour', of(user)).name],
      value: [true, 'blue'],
      mark: 'blue',
    },
    {
      name: 'the variant of a strategy',
      key: 'by-strategy',
      evaluate: (user) => [client.isEnabled('by-strategy', of(user)), client.getVariant('by-strategy', of(user)).name],
      value: [true, 'blue'],
      mark: 'blue',
    },
    {
      name: 'a flag that is switched off, asked for its variant',
      key: 'archived',
      evaluate: (user) => client.getVariant('archived', of(user)).name,
      value: 'disabled',
      mark: 'false',
    },
  ],
  asked: [
    {
      of: () => client,
      marked: ['forceGetVariant', 'getVariant', 'isEnabled'],
      unmarked: [
        'countVariant',
        'getFeatureToggleDefinition',
        'getFeatureToggleDefinitions',
        'isSynchronized',
        'setExperimentalMode',
      ],
    },
  ],
})

it('reports to Unleash what the application asked, and no more', () => {
  const reported: unknown[] = []
  const count = (name: string) => reported.push(name)
  client.on('impression', ({ featureName }) => count(featureName)).on('count', count)
  client.isEnabled('new-pricing', of({ id: 'jane', tier: 'gold' }))
  client.isEnabled('colour', of({ id: 'jane', tier: 'gold' }))
  client.removeAllListeners('impression')
  expect(reported).toEqual(['new-pricing'])
})

function constraint(tier: string) {
  return { contextName: 'tier', operator: 'IN' as never, values: [tier], inverted: false, caseInsensitive: false }
}

import {
  createConsoleLogger,
  getClient,
  type IConfigCatCache,
  type IConfigCatClient,
  LogLevel,
  PollingMode,
} from '@configcat/sdk'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineListener } from './configcat.ts'

let client: IConfigCatClient
let unready: IConfigCatClient

// A configuration as ConfigCat's network delivers it, version 6: types are 0 boolean, 1 text.
const ofTier = (tier: string) => [{ c: [{ u: { a: 'tier', c: 28, s: tier } }], s: { v: { b: true }, i: 'v-on' } }]
const longText = 'a text that is longer than what a mark takes as it is'
const config = {
  p: { u: 'https://test.invalid', r: 0, s: 'salt' },
  f: {
    'new-pricing': { t: 0, v: { b: false }, i: 'v-off', r: ofTier('gold') },
    colour: { t: 1, v: { s: 'blue' }, i: 'v-blue', p: [{ p: 100, v: { s: 'blue' }, i: 'v-blue' }] },
    'beta-search': { t: 0, v: { b: false }, i: 'v-off', r: ofTier('none') },
    terms: { t: 1, v: { s: longText }, i: 'v-terms' },
  },
}
const cache: IConfigCatCache = {
  get: () => `${Date.now()}\netag\n${JSON.stringify(config)}`,
  set: () => {},
}
const of = ({ id, tier }: User) => ({ identifier: id, email: id, custom: { tier } })
const provider = 'configcat'

itKeepsTheContract({
  start() {
    client = newClient('a', cache)
    unready = newClient('b', { get: () => null, set: () => {} })
  },
  stop() {
    client.dispose()
    unready.dispose()
  },
  cases: {
    boolean: {
      evaluate: (user) => client.getValueAsync('new-pricing', false, of(user)),
      value: true,
      mark: 'true',
      known: { provider, reason: 'targeting_match' },
      plain: { value: false, mark: 'false' },
    },
    string: {
      evaluate: (user) => client.getValueAsync('colour', 'black', of(user)),
      value: 'blue',
      mark: 'blue',
      known: { provider, reason: 'split' },
    },
    object: { cannot: 'a ConfigCat setting is a boolean, a number or a text' },
    'default served': {
      evaluate: (user) => client.snapshot().getValue('beta-search', true, of(user)),
      value: false,
      mark: 'false',
      known: { provider, reason: 'default' },
    },
    'unknown flag': {
      evaluate: (user) => client.getValueAsync('unknown', 'fallback', of(user)),
      value: 'fallback',
      mark: 'fallback',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': {
      evaluate: (user) => client.getValueAsync('new-pricing', 'text', of(user)),
      value: 'text',
      mark: 'text',
      known: { provider, reason: 'error', errorType: 'type_mismatch' },
    },
    'not ready': {
      evaluate: (user) => unready.getValueAsync('new-pricing', false, of(user)),
      value: false,
      mark: 'false',
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  also: [
    {
      name: 'a long text, by its variation ID',
      key: 'terms',
      evaluate: (user) => client.getValueAsync('terms', '', of(user)),
      value: longText,
      mark: 'v-terms',
    },
  ],
  several: (['getAllValuesAsync', 'getAllValueDetailsAsync'] as const).map((method) => ({
    name: `every setting of ${method}`,
    evaluate: (user) => client[method](of(user)),
    marks: { 'new-pricing': 'true', colour: 'blue', 'beta-search': 'false', terms: 'v-terms' },
  })),
  asked: [
    {
      of: () => client,
      marked: ['getAllValueDetailsAsync', 'getAllValuesAsync', 'getValueAsync', 'getValueDetailsAsync'],
      // A variation that is looked up by its ID is evaluated for nobody.
      unmarked: ['getKeyAndValueAsync', 'initConfigService'],
    },
    { of: () => client.snapshot(), marked: ['getValue', 'getValueDetails'], unmarked: ['getKeyAndValue'] },
  ],
})

function newClient(suffix: string, withCache: IConfigCatCache): IConfigCatClient {
  return getClient(`configcat-sdk-1/AAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAA${suffix}`, PollingMode.ManualPoll, {
    offline: true,
    cache: withCache,
    logger: createConsoleLogger(LogLevel.Off),
    setupHooks: (hooks) => hooks.on('flagEvaluated', coalmineListener()),
  })
}

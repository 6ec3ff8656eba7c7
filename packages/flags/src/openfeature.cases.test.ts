import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlagdProvider } from '@openfeature/flagd-provider'
import { type Client, OpenFeature, type Provider } from '@openfeature/server-sdk'
import { itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineHook } from './openfeature.ts'

let client: Client
let unready: Client
const directory = mkdtempSync(join(tmpdir(), 'coalmine-openfeature-'))
const state = 'ENABLED'
const metadata = { version: '7' }
const onOff = { state, metadata, variants: { on: true, off: false }, defaultVariant: 'off' }
const forTier = (tier: string) => ({ if: [{ '==': [{ var: 'tier' }, tier] }, 'on'] })
const flags = {
  'new-pricing': { ...onOff, targeting: forTier('gold') },
  colour: { state, metadata, variants: { sky: 'blue', fire: 'red' }, defaultVariant: 'sky' },
  layout: { state, metadata, variants: { grid: { columns: 3 }, list: {} }, defaultVariant: 'grid' },
  'beta-search': { ...onOff, targeting: forTier('none') },
}
const of = ({ id, tier }: User) => ({ targetingKey: id, email: id, tier })
const provider = 'flagd'
const named = true

itKeepsTheContract({
  async start() {
    const file = join(directory, 'flags.json')
    writeFileSync(file, JSON.stringify({ flags }))
    OpenFeature.addHooks(coalmineHook())
    await OpenFeature.setProviderAndWait(
      'ready',
      new FlagdProvider({ resolverType: 'in-process', offlineFlagSourcePath: file }),
    )
    OpenFeature.setProvider('unready', neverReady())
    client = OpenFeature.getClient('ready')
    unready = OpenFeature.getClient('unready')
  },
  async stop() {
    await OpenFeature.close()
    OpenFeature.clearHooks()
    rmSync(directory, { recursive: true })
  },
  cases: {
    boolean: {
      evaluate: (user) => client.getBooleanValue('new-pricing', false, of(user)),
      value: true,
      mark: 'on',
      named,
      known: { provider, reason: 'targeting_match', version: '7' },
      plain: { value: false, mark: 'off' },
    },
    string: {
      evaluate: (user) => client.getStringValue('colour', 'black', of(user)),
      value: 'blue',
      mark: 'sky',
      named,
      known: { provider, reason: 'static', version: '7' },
    },
    object: {
      evaluate: (user) => client.getObjectValue('layout', {}, of(user)),
      value: { columns: 3 },
      mark: 'grid',
      named,
      known: { provider, reason: 'static', version: '7' },
    },
    'default served': {
      evaluate: (user) => client.getBooleanValue('beta-search', true, of(user)),
      value: false,
      mark: 'off',
      named,
      known: { provider, reason: 'default', version: '7' },
    },
    'unknown flag': {
      evaluate: (user) => client.getStringValue('unknown', 'fallback', of(user)),
      value: 'fallback',
      mark: 'fallback',
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': {
      evaluate: (user) => client.getStringValue('new-pricing', 'fallback', of(user)),
      value: 'fallback',
      mark: 'fallback',
      known: { provider, reason: 'error', errorType: 'type_mismatch', version: '7' },
    },
    'not ready': {
      evaluate: (user) => unready.getBooleanValue('new-pricing', false, of(user)),
      value: false,
      mark: 'false',
      known: { provider: 'never', reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  asked: [
    {
      of: () => client,
      marked: ['Boolean', 'Number', 'Object', 'String'].flatMap((type) => [`get${type}Details`, `get${type}Value`]),
      // Its own, which those call.
      unmarked: ['evaluate', 'getErrorEvaluationDetails'],
    },
  ],
})

function neverReady(): Provider {
  const unreachable = (): never => {
    throw new Error('a provider that is not ready is not asked')
  }
  return {
    metadata: { name: 'never' },
    initialize: () => new Promise(() => {}),
    resolveBooleanEvaluation: unreachable,
    resolveStringEvaluation: unreachable,
    resolveNumberEvaluation: unreachable,
    resolveObjectEvaluation: unreachable,
  }
}

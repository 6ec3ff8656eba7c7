import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SplitFactory } from '@splitsoftware/splitio'
import { expect, it } from 'vitest'
import { emitted, itKeepsTheContract, type User } from '../test/cases.ts'
import { coalmineSplit } from './split.ts'

// Split's local mode targets by key alone, and has neither segments nor change numbers.
const definitions = `
- new-pricing: { treatment: 'on', keys: ['jane@example.com'] }
- new-pricing: { treatment: 'off' }
- colour: { treatment: 'blue', config: '{"hex":"00f"}' }
- beta-search: { treatment: 'on', keys: ['nobody'] }
- beta-search: { treatment: 'off' }
`
const directory = mkdtempSync(join(tmpdir(), 'coalmine-split-'))
const split = coalmineSplit()
const provider = 'split'
let factory: SplitIO.ISDK
let client: SplitIO.IClient
let notReady: SplitIO.ISDK
let unready: SplitIO.IClient

itKeepsTheContract({
  saysWhyLate: true,
  async start() {
    const features = join(directory, 'flags.yaml')
    writeFileSync(features, definitions)
    factory = newFactory(features)
    client = split.client(factory.client())
    await client.whenReady()
    notReady = newFactory(join(directory, 'missing.yaml'))
    unready = split.client(notReady.client())
  },
  async stop() {
    await Promise.all([factory.destroy(), notReady.destroy()])
    rmSync(directory, { recursive: true })
  },
  cases: {
    boolean: {
      evaluate: ({ id }: User) => client.getTreatment(id, 'new-pricing'),
      value: 'on',
      mark: 'on',
      named: true,
      known: { provider, reason: 'targeting_match', ruleId: 'whitelisted on' },
      plain: { value: 'off', mark: 'off' },
    },
    string: {
      evaluate: ({ id }) => client.getTreatmentWithConfig(id, 'colour'),
      value: { treatment: 'blue', config: '{"hex":"00f"}' },
      mark: 'blue',
      named: true,
      known: { provider, reason: 'default' },
    },
    object: { cannot: 'a Split treatment is a name; its configuration is beside it' },
    'default served': {
      evaluate: ({ id }) => client.getTreatments(id, ['beta-search']),
      value: { 'beta-search': 'off' },
      mark: 'off',
      named: true,
      known: { provider, reason: 'default' },
    },
    'unknown flag': {
      evaluate: ({ id }) => client.getTreatment(id, 'unknown'),
      value: 'control',
      mark: 'control',
      named: true,
      known: { provider, reason: 'error', errorType: 'flag_not_found' },
    },
    'type error': { cannot: 'a Split flag has no type' },
    'not ready': {
      evaluate: ({ id }) => unready.getTreatment(id, 'new-pricing'),
      value: 'control',
      mark: 'control',
      named: true,
      known: { provider, reason: 'error', errorType: 'provider_not_ready' },
    },
  },
  several: [
    {
      name: 'several treatments with their configuration',
      evaluate: ({ id }) => client.getTreatmentsWithConfig(id, ['colour', 'new-pricing']),
      marks: { colour: 'blue', 'new-pricing': 'on' },
    },
  ],
  // By flag set: split-flag-sets.test.ts, since local mode has none.
  asked: [
    {
      of: () => client,
      marked: [
        'getTreatment',
        'getTreatmentWithConfig',
        'getTreatments',
        'getTreatmentsByFlagSet',
        'getTreatmentsByFlagSets',
        'getTreatmentsWithConfig',
        'getTreatmentsWithConfigByFlagSet',
        'getTreatmentsWithConfigByFlagSets',
      ],
      unmarked: [],
    },
  ],
})

it('tells rule and version, which the local mode lacks', () => {
  const impression = {
    feature: 'f',
    treatment: 'on',
    label: 'in segment all',
    changeNumber: 1_700_000_000_000,
    keyName: 'jane@example.com',
    time: 0,
  }
  split.impressionListener.logImpression({ impression, ip: false, hostname: false, sdkLanguageVersion: '' })
  expect(emitted()).toEqual([
    {
      eventName: 'feature_flag.evaluation',
      'feature_flag.key': 'f',
      'feature_flag.result.variant': 'on',
      'feature_flag.result.reason': 'targeting_match',
      'coalmine.rule.id': 'in segment all',
      'feature_flag.version': '1700000000000',
      'feature_flag.provider.name': 'split',
    },
  ])
})

function newFactory(features: string): SplitIO.ISDK {
  return SplitFactory({
    core: { authorizationKey: 'localhost' },
    features,
    debug: 'NONE',
    impressionListener: split.impressionListener,
    scheduler: { offlineRefreshRate: 3600 },
  })
}

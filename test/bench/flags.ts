/**
 * What does an adapter add to one evaluation of a flag? Each of the nine SDKs evaluates five boolean flags a request,
 * on local data, once without and once with its adapter, alternated in one process; both inside a request that can be
 * marked. Counted is CPU time, what an SDK does on later ticks included; the median of the differences is judged.
 *
 * And what does the log event of an evaluation add, where a logs SDK is registered, to what that SDK takes to emit it?
 */

import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { recordEvaluation } from '@coalmine/flags'
import { coalmineListener } from '@coalmine/flags/configcat'
import { coalmineClient as flagsmithClient } from '@coalmine/flags/flagsmith'
import { coalmineCallback } from '@coalmine/flags/growthbook'
import { coalmineHook as launchDarklyHook } from '@coalmine/flags/launchdarkly'
import { coalmineHook as openFeatureHook } from '@coalmine/flags/openfeature'
import { coalmineClient as postHogClient } from '@coalmine/flags/posthog'
import { coalmineSplit } from '@coalmine/flags/split'
import { coalmineClient as statsigClient } from '@coalmine/flags/statsig'
import { coalmineClient as unleashClient } from '@coalmine/flags/unleash'
import { withRequestMarks } from '@coalmine/marks'
import * as configcat from '@configcat/sdk'
import { GrowthBookClient } from '@growthbook/growthbook'
import { basicLogger, init, type LDOptions } from '@launchdarkly/node-server-sdk'
import { TestData } from '@launchdarkly/node-server-sdk/integrations'
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk'
import { logs } from '@opentelemetry/api'
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs'
import { SplitFactory } from '@splitsoftware/splitio'
import { Statsig, StatsigUser } from '@statsig/statsig-node-core'
import { Flagsmith, LocalFileHandler } from 'flagsmith-nodejs'
import { PostHog, type PostHogOptions } from 'posthog-node'
import { median } from 'simple-statistics'
import { InMemStorageProvider, Unleash, type UnleashConfig } from 'unleash-client'
import type { BenchRow } from './marks.ts'

const flagKeys = ['new-pricing', 'free-shipping', 'dark-mode', 'fast-search', 'layout-2026']
const roundCount = 201
const requests = 60
const targetUs = 2
const neverMs = 3_600_000

/** The evaluations of one request. */
type Evaluate = () => unknown

/** One SDK without its adapter, and with it. */
interface Subject {
  readonly name: string
  readonly plain: Evaluate
  readonly adapted: Evaluate
  readonly stop: () => unknown
}

const directory = mkdtempSync(join(tmpdir(), 'coalmine-bench-flags-'))

/** Runs all nine and gives the rows of the table; about half a minute. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  try {
    for (const start of [
      openFeature,
      launchDarkly,
      unleash,
      split,
      growthBook,
      flagsmith,
      statsig,
      configCat,
      postHog,
    ]) {
      const subject = await start()
      rows.push(await compare(subject))
      await subject.stop()
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
  return [...rows, logEvent()]
}

function logEvent(): BenchRow {
  const evaluation = { key: 'new-pricing', variant: 'on', provider: 'split', reason: 'static', version: '7' } as const
  const attributes = () => ({
    'feature_flag.key': evaluation.key,
    'feature_flag.result.variant': evaluation.variant,
    'feature_flag.provider.name': evaluation.provider,
    'feature_flag.result.reason': evaluation.reason,
    'feature_flag.version': evaluation.version,
  })
  const provider = new LoggerProvider({ processors: [deafProcessor] })
  const logger = provider.getLogger('bench')
  logs.setGlobalLoggerProvider(provider)
  const rounds = Array.from({ length: roundCount }, () => ({
    emitted: microsecondsOf(() => logger.emit({ eventName: 'feature_flag.evaluation', attributes: attributes() })),
    recorded: microsecondsOf(() => recordEvaluation(evaluation)),
  }))
  logs.disable()
  const emitted = median(rounds.map((round) => round.emitted))
  const added = median(rounds.map((round) => round.recorded - round.emitted))
  return {
    name: 'log event of an evaluation: recordEvaluation adds',
    value: `${added.toFixed(2)} us to ${emitted.toFixed(2)} us, what the logs SDK takes to emit it`,
    target: `<= ${targetUs} us`,
    ok: added <= targetUs,
  }
}

const deafProcessor: LogRecordProcessor = {
  onEmit: () => {},
  forceFlush: async () => {},
  shutdown: async () => {},
}

function microsecondsOf(record: () => void): number {
  const calls = 1000
  const started = performance.now()
  for (let i = 0; i < calls; i++) record()
  return ((performance.now() - started) * 1000) / calls
}

async function compare({ name, plain, adapted }: Subject): Promise<BenchRow> {
  const differences: number[] = []
  const plains: number[] = []
  for (let round = -50; round < roundCount; round++) {
    // Every other round backwards, so that neither always comes first.
    const first = await microseconds(round % 2 ? plain : adapted)
    const second = await microseconds(round % 2 ? adapted : plain)
    const [without, with_] = round % 2 ? [first, second] : [second, first]
    // The first rounds warm up.
    if (round >= 0) {
      differences.push(with_ - without)
      plains.push(without)
    }
  }
  const added = median(differences)
  return {
    name: `${name}: its adapter adds to an evaluation`,
    value: `${added.toFixed(2)} us to ${median(plains).toFixed(2)} us`,
    target: `<= ${targetUs} us`,
    ok: added <= targetUs,
  }
}

/** CPU microseconds an evaluation. */
async function microseconds(evaluate: Evaluate): Promise<number> {
  const before = process.threadCpuUsage()
  for (let i = 0; i < requests; i++) {
    await new Promise<void>((resolve, reject) => {
      withRequestMarks({}, undefined, {}, async () => {
        try {
          await evaluate()
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  }
  // What an SDK puts off, such as Split's impressions.
  await sleep(5)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / (requests * flagKeys.length)
}

async function openFeature(): Promise<Subject> {
  const flag = { disabled: false, variants: { on: true, off: false }, defaultVariant: 'on' }
  await OpenFeature.setProviderAndWait(new InMemoryProvider(fromFlags(() => flag)))
  const user = { targetingKey: 'jane' }
  const [plain, adapted] = [OpenFeature.getClient(), OpenFeature.getClient()]
  adapted.addHooks(openFeatureHook())
  const evaluate = (client: typeof plain) => async () => {
    for (const key of flagKeys) await client.getBooleanValue(key, false, user)
  }
  return { name: 'OpenFeature', plain: evaluate(plain), adapted: evaluate(adapted), stop: () => OpenFeature.close() }
}

async function launchDarkly(): Promise<Subject> {
  const data = new TestData()
  for (const key of flagKeys) await data.update(data.flag(key).booleanFlag())
  const options: LDOptions = {
    sendEvents: false,
    diagnosticOptOut: true,
    logger: basicLogger({ level: 'none' }),
    updateProcessor: data.getFactory(),
  }
  const [plain, adapted] = [init('local', options), init('local', { ...options, hooks: [launchDarklyHook()] })]
  await Promise.all([plain.waitForInitialization({ timeout: 5 }), adapted.waitForInitialization({ timeout: 5 })])
  const user = { kind: 'user', key: 'jane' }
  const evaluate = (client: typeof plain) => async () => {
    for (const key of flagKeys) await client.variation(key, user, false)
  }
  return {
    name: 'LaunchDarkly',
    plain: evaluate(plain),
    adapted: evaluate(adapted),
    stop: () => [plain.close(), adapted.close()],
  }
}

async function unleash(): Promise<Subject> {
  const config: UnleashConfig = {
    appName: 'bench',
    url: 'http://127.0.0.1:6553/',
    refreshInterval: 0,
    metricsInterval: 0,
    disableMetrics: true,
    disableAutoStart: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: {
      data: flagKeys.map((name) => ({
        name,
        enabled: true,
        strategies: [{ name: 'default', parameters: {}, constraints: [] }],
      })),
    },
  }
  const plain = new Unleash(config)
  await Promise.all([once(plain, 'ready'), plain.start()])
  const user = { userId: 'jane' }
  const evaluate = (client: Unleash) => () => {
    for (const key of flagKeys) client.isEnabled(key, user)
  }
  return {
    name: 'Unleash',
    plain: evaluate(plain),
    adapted: evaluate(unleashClient(plain)),
    stop: () => plain.destroy(),
  }
}

async function split(): Promise<Subject> {
  const features = join(directory, 'split.yaml')
  writeFileSync(features, flagKeys.map((key) => `- ${key}: { treatment: 'on' }\n`).join(''))
  const settings = {
    core: { authorizationKey: 'localhost' },
    features,
    debug: 'NONE',
    scheduler: { offlineRefreshRate: neverMs / 1000 },
  } as const
  const ours = coalmineSplit()
  const factories = [
    SplitFactory(settings),
    SplitFactory({ ...settings, impressionListener: ours.impressionListener }),
  ] as const
  const [plain, adapted] = [factories[0].client(), ours.client(factories[1].client())]
  await Promise.all([plain.whenReady(), adapted.whenReady()])
  const evaluate = (client: typeof plain) => () => {
    for (const key of flagKeys) client.getTreatment('jane', key)
  }
  return {
    name: 'Split',
    plain: evaluate(plain),
    adapted: evaluate(adapted),
    stop: () => Promise.all(factories.map((factory) => factory.destroy())),
  }
}

async function growthBook(): Promise<Subject> {
  const payload = { features: fromFlags(() => ({ defaultValue: true })) }
  const plain = new GrowthBookClient().initSync({ payload })
  const adapted = new GrowthBookClient({ onFeatureUsage: coalmineCallback() }).initSync({ payload })
  const user = { attributes: { id: 'jane' } }
  const evaluate = (client: GrowthBookClient) => () => {
    for (const key of flagKeys) client.isOn(key, user)
  }
  return {
    name: 'GrowthBook',
    plain: evaluate(plain),
    adapted: evaluate(adapted),
    stop: () => [plain.destroy(), adapted.destroy()],
  }
}

async function flagsmith(): Promise<Subject> {
  const organisation = {
    id: 1,
    name: 'o',
    feature_analytics: false,
    stop_serving_flags: false,
    persist_trait_data: false,
  }
  const environment = {
    id: 1,
    api_key: 'key',
    name: 'local',
    project: { id: 1, name: 'shop', hide_disabled_flags: false, organisation, segments: [] },
    feature_states: flagKeys.map((name, id) => ({
      django_id: id + 1,
      featurestate_uuid: `00000000-0000-0000-0000-00000000000${id}`,
      feature: { id: id + 1, name, type: 'STANDARD' },
      enabled: true,
      feature_state_value: null,
      multivariate_feature_state_values: [],
    })),
  }
  const file = join(directory, 'flagsmith.json')
  writeFileSync(file, JSON.stringify(environment))
  const plain = new Flagsmith({ offlineMode: true, offlineHandler: new LocalFileHandler(file) })
  const evaluate = (client: Flagsmith) => async () => {
    const flags = await client.getEnvironmentFlags()
    for (const key of flagKeys) flags.isFeatureEnabled(key)
  }
  return {
    name: 'Flagsmith',
    plain: evaluate(plain),
    adapted: evaluate(flagsmithClient(plain)),
    stop: () => plain.close(),
  }
}

async function statsig(): Promise<Subject> {
  const gate = {
    type: 'feature_gate',
    entity: 'feature_gate',
    salt: 's',
    enabled: true,
    idType: 'userID',
    version: 7,
    defaultValue: true,
    rules: [],
  }
  const definitions = JSON.stringify({
    has_updates: true,
    time: 1_700_000_000_000,
    condition_map: {},
    feature_gates: fromFlags(() => gate),
    dynamic_configs: {},
    layer_configs: {},
    experiment_to_layer: {},
  })
  const server = createServer((_, response) => response.end(definitions)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const specsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/download_config_specs`
  const plain = new Statsig('secret-local', {
    specsUrl,
    specsSyncIntervalMs: neverMs,
    disableAllLogging: true,
    disableCountryLookup: true,
    outputLogLevel: 'none',
  })
  await plain.initialize()
  const user = new StatsigUser({ userID: 'jane' })
  const evaluate = (client: Statsig) => () => {
    for (const key of flagKeys) client.getFeatureGate(user, key)
  }
  return {
    name: 'Statsig',
    plain: evaluate(plain),
    adapted: evaluate(statsigClient(plain)),
    stop: async () => {
      await plain.shutdown()
      server.closeAllConnections()
      server.close()
    },
  }
}

async function configCat(): Promise<Subject> {
  const config = JSON.stringify({ p: { u: '', r: 0, s: 's' }, f: fromFlags(() => ({ t: 0, v: { b: true }, i: 'on' })) })
  const cache = { get: () => `${Date.now()}\netag\n${config}`, set: () => {} }
  const newClient = (suffix: string, setupHooks: (hooks: configcat.IProvidesHooks) => unknown) =>
    configcat.getClient(
      `configcat-sdk-1/AAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAA${suffix}`,
      configcat.PollingMode.ManualPoll,
      {
        offline: true,
        cache,
        setupHooks: (hooks) => void setupHooks(hooks),
        logger: configcat.createConsoleLogger(configcat.LogLevel.Off),
      },
    )
  const plain = newClient('a', () => {})
  const adapted = newClient('b', (hooks) => hooks.on('flagEvaluated', coalmineListener()))
  await Promise.all([plain.forceRefreshAsync(), adapted.forceRefreshAsync()])
  const user = { identifier: 'jane', custom: {} }
  const evaluate = (client: typeof plain) => () => {
    const flags = client.snapshot()
    for (const key of flagKeys) flags.getValue(key, false, user)
  }
  return {
    name: 'ConfigCat',
    plain: evaluate(plain),
    adapted: evaluate(adapted),
    stop: () => [plain.dispose(), adapted.dispose()],
  }
}

async function postHog(): Promise<Subject> {
  const flags = flagKeys.map((key, id) => ({
    id,
    key,
    name: key,
    active: true,
    deleted: false,
    filters: { groups: [{ properties: [], rollout_percentage: 100 }] },
  }))
  const options: PostHogOptions = {
    host: 'http://127.0.0.1:6553',
    personalApiKey: 'local',
    featureFlagsPollingInterval: neverMs,
    fetch: () => Promise.reject(new Error('no network in the bench')),
    flagDefinitionCacheProvider: {
      getFlagDefinitions: () => ({ flags, groupTypeMapping: {}, cohorts: {} }) as never,
      shouldFetchFlagDefinitions: () => false,
      onFlagDefinitionsReceived: () => {},
      shutdown: () => {},
    },
  }
  const plain = new PostHog('local', options)
  await plain.reloadFeatureFlags()
  await plain.optOut()
  const evaluate = (client: PostHog) => async () => {
    const flags = await client.evaluateFlags('jane', { onlyEvaluateLocally: true })
    for (const key of flagKeys) flags.isEnabled(key)
  }
  return {
    name: 'PostHog',
    plain: evaluate(plain),
    adapted: evaluate(postHogClient(plain)),
    stop: () => plain.shutdown(),
  }
}

function fromFlags<T>(make: () => T): Record<string, T> {
  return Object.fromEntries(flagKeys.map((key) => [key, make()]))
}

if (import.meta.main) {
  const rows = await run()
  console.table(rows)
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MarkProcessor } from '@coalmine/marks'
import * as configcat from '@configcat/sdk'
import { GrowthBookClient } from '@growthbook/growthbook'
import { basicLogger, init } from '@launchdarkly/node-server-sdk'
import { TestData } from '@launchdarkly/node-server-sdk/integrations'
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk'
import { context, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { SplitFactory } from '@splitsoftware/splitio'
import { Statsig, StatsigUser } from '@statsig/statsig-node-core'
import { Flagsmith, LocalFileHandler } from 'flagsmith-nodejs'
import { PostHog } from 'posthog-node'
import { InMemStorageProvider, startUnleash, type Unleash } from 'unleash-client'
import { afterAll, beforeAll, expect, it } from 'vitest'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const rows = [...readme.matchAll(/^\| (\w+) \| `(\w+)` \| `(.+)` \|$/gm)].map(([, sdk, subpath, line]) => ({
  sdk: sdk!,
  subpath: subpath!,
  line: line!,
}))
const directory = mkdtempSync(join(tmpdir(), 'coalmine-flags-readme-'))
const spans = new InMemorySpanExporter()

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spanProcessors = [new MarkProcessor({ build: {} }), new SimpleSpanProcessor({ exporter: spans })]
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
})
afterAll(() => rmSync(directory, { recursive: true }))

it('has a line for each of the nine', () => {
  const exported = Object.keys(JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')).exports)
  const subpaths = exported.flatMap((path) => /^\.\/(\w+)$/.exec(path)?.[1] ?? [])
  expect(rows.map(({ subpath }) => subpath)).toEqual(subpaths.filter((subpath) => subpath !== 'testing'))
})

it.each(rows)('has a line for $sdk that marks a request', async ({ subpath, line }) => {
  const example = await examples[subpath]!()
  const adapter = await import(`./${subpath}.ts`)
  const scope: Record<string, unknown> = { ...adapter, ...example.scope }
  const run = new asyncFunction(...Object.keys(scope), `${line}; return typeof client === 'undefined' ? null : client`)
  const client = await run(...Object.values(scope))
  const mark = await trace.getTracer('test').startActiveSpan('server', { kind: SpanKind.SERVER }, async (span) => {
    await example.evaluate(client)
    span.end()
    return spans.getFinishedSpans().at(-1)?.attributes['coalmine.flag.new-pricing']
  })
  await example.stop(client)
  expect(['true', 'on']).toContain(mark)
})

const asyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<never>

/** What the line takes for granted, on local data; what it makes is evaluated, and stopped. */
interface Example {
  readonly scope: Record<string, unknown>
  readonly evaluate: (client: never) => unknown
  readonly stop: (client: never) => unknown
}

const sdkKey = 'secret-local'
const examples: Readonly<Record<string, () => Promise<Example>>> = {
  async openfeature() {
    const flag = { disabled: false, variants: { on: true }, defaultVariant: 'on' }
    await OpenFeature.setProviderAndWait(new InMemoryProvider({ 'new-pricing': flag }))
    return {
      scope: { OpenFeature },
      evaluate: () => OpenFeature.getClient().getBooleanValue('new-pricing', false),
      stop: () => OpenFeature.close(),
    }
  },
  async launchdarkly() {
    const data = new TestData()
    await data.update(data.flag('new-pricing').booleanFlag())
    const logger = basicLogger({ level: 'none' })
    const options = { sendEvents: false, diagnosticOptOut: true, logger, updateProcessor: data.getFactory() }
    return {
      scope: { init, sdkKey, options },
      evaluate: async (client: ReturnType<typeof init>) => {
        await client.waitForInitialization({ timeout: 5 })
        await client.variation('new-pricing', { kind: 'user', key: 'jane' }, false)
      },
      stop: (client: ReturnType<typeof init>) => client.close(),
    }
  },
  async unleash() {
    const config = {
      appName: 'shop',
      url: 'http://127.0.0.1:6553/',
      refreshInterval: 0,
      metricsInterval: 0,
      disableMetrics: true,
      storageProvider: new InMemStorageProvider(),
      bootstrap: { data: [{ name: 'new-pricing', enabled: true, strategies: [] }] },
    }
    return {
      scope: { startUnleash, config },
      evaluate: (client: Unleash) => client.isEnabled('new-pricing'),
      stop: (client: Unleash) => client.destroy(),
    }
  },
  async split() {
    const features = join(directory, 'split.yaml')
    writeFileSync(features, "- new-pricing: { treatment: 'on' }\n")
    const settings = { core: { authorizationKey: 'localhost' }, features, debug: 'NONE' }
    return {
      scope: { SplitFactory, settings },
      evaluate: async (client: SplitIO.IClient) => {
        await client.whenReady()
        client.getTreatment('jane', 'new-pricing')
      },
      stop: (client: SplitIO.IClient) => client.destroy(),
    }
  },
  async growthbook() {
    return {
      scope: { GrowthBookClient, options: {} },
      evaluate: (client: GrowthBookClient) =>
        client.initSync({ payload: { features: { 'new-pricing': { defaultValue: true } } } }).isOn('new-pricing', {}),
      stop: (client: GrowthBookClient) => client.destroy(),
    }
  },
  async flagsmith() {
    const organisation = {
      id: 1,
      name: 'o',
      feature_analytics: false,
      stop_serving_flags: false,
      persist_trait_data: false,
    }
    const state = { django_id: 1, enabled: true, feature_state_value: null, featurestate_uuid: '1' }
    const environment = {
      id: 1,
      api_key: 'key',
      name: 'local',
      project: { id: 1, name: 'shop', hide_disabled_flags: false, organisation, segments: [] },
      feature_states: [{ ...state, feature: { id: 1, name: 'new-pricing', type: 'STANDARD' } }],
    }
    const file = join(directory, 'flagsmith.json')
    writeFileSync(file, JSON.stringify(environment))
    return {
      scope: { Flagsmith, config: { offlineMode: true, offlineHandler: new LocalFileHandler(file) } },
      evaluate: async (client: Flagsmith) => (await client.getEnvironmentFlags()).isFeatureEnabled('new-pricing'),
      stop: (client: Flagsmith) => client.close(),
    }
  },
  async statsig() {
    const options = { disableNetwork: true, disableAllLogging: true, outputLogLevel: 'none' }
    return {
      scope: { Statsig, sdkKey, options },
      evaluate: async (client: Statsig) => {
        await client.initialize()
        client.overrideGate('new-pricing', true)
        client.checkGate(StatsigUser.withUserID('jane'), 'new-pricing')
      },
      stop: (client: Statsig) => client.shutdown(),
    }
  },
  async configcat() {
    const { createFlagOverridesFromMap, getClient, OverrideBehaviour, PollingMode } = configcat
    const flagOverrides = createFlagOverridesFromMap({ 'new-pricing': true }, OverrideBehaviour.LocalOnly)
    return {
      scope: { getClient, sdkKey, mode: PollingMode.ManualPoll, options: { flagOverrides } },
      evaluate: (client: configcat.IConfigCatClient) => client.getValueAsync('new-pricing', false),
      stop: (client: configcat.IConfigCatClient) => client.dispose(),
    }
  },
  async posthog() {
    const flag = { id: 1, key: 'new-pricing', active: true, filters: { groups: [{ rollout_percentage: 100 }] } }
    const options = {
      host: 'http://127.0.0.1:6553',
      personalApiKey: 'local',
      fetch: () => Promise.reject(new Error('no network in tests')),
      flagDefinitionCacheProvider: {
        getFlagDefinitions: () => ({ flags: [flag], groupTypeMapping: {}, cohorts: {} }),
        shouldFetchFlagDefinitions: () => false,
        onFlagDefinitionsReceived: () => {},
        shutdown: () => {},
      },
    }
    return {
      scope: { PostHog, apiKey: 'local', options },
      evaluate: async (client: PostHog) => {
        await client.optOut()
        await client.reloadFeatureFlags()
        const flags = await client.evaluateFlags('jane', { onlyEvaluateLocally: true })
        flags.isEnabled('new-pricing')
      },
      stop: (client: PostHog) => client.shutdown(),
    }
  },
}

import { expect, it } from 'vitest'
import { syntheticClient } from './synthetic.ts'

const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

it.each([
  ['datadog', { 'user-agent': 'Datadog/Synthetics' }],
  ['datadog', { 'user-agent': `${chrome} DatadogSynthetics` }],
  ['datadog', { 'user-agent': chrome, 'sec-datadog': 'Request sent by a Datadog Synthetics Browser Test (...)' }],
  ['k6', { 'user-agent': 'Grafana k6/1.3.0' }],
  ['k6', { 'user-agent': 'k6/0.57.0 (https://k6.io/)' }],
  ['playwright', { 'user-agent': 'Playwright/1.56.0 (x64; ubuntu 24.04) node/24.21' }],
  ['checkly', { 'user-agent': 'Checkly/1.0 (https://www.checklyhq.com)' }],
  ['checkly', { 'user-agent': 'Checkly, https://www.checklyhq.com' }],
  [undefined, { 'user-agent': chrome }],
  [undefined, { 'user-agent': 'curl/8.5.0 (not k6/1.0)' }],
  [undefined, {}],
])('knows %s by %o', (client, headers: Record<string, string>) => {
  expect(syntheticClient((name) => headers[name])).toBe(client)
})

/** The part of a request that says who made it. */
export type GetHeader = (name: string) => string | undefined

/** A client that tests the system from outside. */
interface SyntheticClient {
  readonly name: 'datadog' | 'k6' | 'playwright' | 'checkly'
  readonly userAgent: RegExp
}

/** Default user agents. Clients can be configured to send another, and anyone can send these. */
const clients: readonly SyntheticClient[] = [
  // https://docs.datadoghq.com/synthetics/guide/identify_synthetics_bots/
  { name: 'datadog', userAgent: /^Datadog\/Synthetics|DatadogSynthetics$/ },
  // `Grafana k6/1.3.0`, before 1.0 `k6/0.57.0 (https://k6.io/)`: https://grafana.com/docs/k6/latest/using-k6/k6-options/reference/#user-agent
  { name: 'k6', userAgent: /^(?:Grafana )?k6\// },
  // Its request fixture; its browsers keep their own: packages/playwright-core/src/server/utils/userAgent.ts of microsoft/playwright
  { name: 'playwright', userAgent: /^Playwright\// },
  // https://www.checklyhq.com/docs/monitoring/allowlisting/#default-checkly-user-agent
  { name: 'checkly', userAgent: /^Checkly[/,]/ },
]

/**
 * Returns the synthetic client that a request claims to come from, by its `user-agent`, or by `sec-datadog`, which
 * Datadog's tests send with any user agent. The answer is only as trustworthy as the caller.
 *
 * @example syntheticClient((name) => req.headers[name]) // 'k6' for `Grafana k6/1.3.0`
 */
export function syntheticClient(header: GetHeader): SyntheticClient['name'] | undefined {
  const userAgent = header('user-agent') ?? ''
  const found = clients.find((client) => client.userAgent.test(userAgent))
  return (
    found?.name ?? (header('sec-datadog')?.startsWith('Request sent by a Datadog Synthetic') ? 'datadog' : undefined)
  )
}

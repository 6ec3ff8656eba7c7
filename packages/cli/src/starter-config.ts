import { defaultPolicy, formatMargin } from '@coalmine/comparator/defaults'

/** A service as seen by a store: its builds as selectors, newest first. */
export interface Seen {
  readonly service: string
  readonly builds: readonly string[]
  readonly operations: readonly { readonly operation: string; readonly requests: number }[]
}

const shownOperations = 12

/** Generates a first `coalmine.yaml`, which uses the defaults and shows where to change them. */
export function starterConfig({ service, builds: [canary, stable], operations }: Seen): string {
  const margin = (name: string): string =>
    JSON.stringify(formatMargin(defaultPolicy.metrics.find((metric) => metric.name === name)!.margin))
  return `# yaml-language-server: $schema=./node_modules/@coalmine/comparator/coalmine.schema.json
# What is judged, and how strictly. "coalmine check" explains it in words; compare and watch read it.

service: ${scalar(service)}
# The two newest builds seen. Any attribute of the spans can choose the cohorts, such as flag:new-pricing=on.
${choice('stable', stable ?? (canary && 'service.version=1.0.0'), stable !== undefined)}
${choice('canary', canary ?? 'service.version=2.0.0', canary !== undefined)}

# The canary's declared share of traffic: with it, lost requests are judged.
# split: 10%

metrics:
  # How much slower is acceptable: by this share or this time, whichever is larger. "coalmine calibrate" measures on stable's
  # own traffic which margins hold.
  latency: { margin: ${margin('latency')} }
  # How much more frequent: by this odds ratio or these percentage points, whichever is larger.
  errors: { margin: ${margin('errors')} }
  # Answers that blame the client: HTTP 4xx, and gRPC's NOT_FOUND, UNAUTHENTICATED and the like.
  client-errors: { margin: ${margin('client-errors')} }
  # Failures below a request that its answer hides. They are only noted, unless this line is set:
  # inner-errors: { margin: ${margin('inner-errors')} }
  # Metrics of your own, from your spans. An advisory metric is reported, but decides nothing.
  # cost: { attribute: app.cost, expect: better, margin: 2%, gate: advisory, reason: "why you expect it" }
  # queries: { calls: db.system.name=postgresql, margin: 10% }
${operationsComment(operations)}
# Error budgets. "coalmine slo" shows how much is left and which build burns it; verdicts show what a release has cost.
# slo:
#   - journeys: [${scalar(operations[0]?.operation ?? 'GET /cart')}]
#     objective: 99.9%
#     window: 30d
#     latency: 300ms
${notifyComment(service, operations)}
# "coalmine flags" shows which flags can go, after these days. Name a flag's owner, or that it stays, under its key.
# flags:
#   settled: 14d
#   keys: { new-pricing: { owner: "our team" }, kill-checkout: { permanent: true } }

# "coalmine rollout start" gives a new build to more and more users, and takes it back at a FAIL.
# rollout:
#   stages: [{ hosts: 1, bake: 30m }, { share: 10% }, { share: 50%, approve: true }, { share: 100% }]
#   actuator: { command: { run: ./move-canary.sh, readBack: ./where-is-the-canary.sh } }
`
}

function notifyComment(service: string, operations: Seen['operations']): string {
  const [first] = operations
  const critical = first ? `, critical: [${JSON.stringify(first.operation)}]` : ''
  return `
# Whom "coalmine serve" notifies of verdicts. Secrets are named by their environment variables; "coalmine notify --test"
# sends a test message to each target.
# notify:
#   targets:
#     team: { type: slack, urlEnv: SLACK_WEBHOOK_URL }
#     oncall: { type: pagerduty, keyEnv: PAGERDUTY_KEY }
#   services:
#     # Only critical operations that fail for enough users page somebody.
#     ${JSON.stringify(service)}: { owner: "our team"${critical} }
`
}

function choice(name: string, selector: string | undefined, seen: boolean): string {
  return seen ? `${name}: ${scalar(selector!)}` : `# ${name}: ${selector ?? 'service.version=1.0.0'}`
}

/** Quotes text unless YAML reads it back unchanged. */
function scalar(text: string): string {
  return /^[A-Za-z][\w./=-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text)
}

function operationsComment(operations: Seen['operations']): string {
  const all = operations.reduce((sum, { requests }) => sum + requests, 0)
  if (all === 0) return ''
  const lines = operations
    .slice(0, shownOperations)
    .map(
      ({ operation, requests }) =>
        `#   ${`${((100 * requests) / all).toFixed(1)} %`.padStart(7)}  ${operation.replace(/\s+/g, ' ')}`,
    )
  const more = operations.length - lines.length
  return `
# Operations seen, by their share of the requests. Those below minimumShare are judged together.
# minimumShare: 5%
${lines.join('\n')}
${more > 0 ? `#   and ${more} more\n` : ''}`
}

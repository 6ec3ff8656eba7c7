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
# What is judged, and how strictly. "coalmine check" says it in words; compare and watch read it.

service: ${scalar(service)}
# The two newest builds that were seen. Any attribute of the spans will do, such as flag:new-pricing=on.
${choice('stable', stable ?? (canary && 'service.version=1.0.0'), stable !== undefined)}
${choice('canary', canary ?? 'service.version=2.0.0', canary !== undefined)}

# The canary's declared share of traffic: with it, lost requests are judged.
# split: 10%

metrics:
  # How much worse is acceptable: slower by the share or by the time, whichever is more. "coalmine calibrate" measures on
  # stable's own traffic which margins hold.
  latency: { margin: ${margin('latency')} }
  # The odds of an event times the ratio, or so many percentage points more, whichever is more.
  errors: { margin: ${margin('errors')} }
  # Answers that blame whoever asked: HTTP 4xx, and gRPC's NOT_FOUND, UNAUTHENTICATED and the like.
  client-errors: { margin: ${margin('client-errors')} }
  # Failures below a request that its answer does not show are told in a note; with this they can FAIL.
  # inner-errors: { margin: ${margin('inner-errors')} }
  # Whatever else your spans carry; an advisory metric is told, and decides nothing.
  # cost: { attribute: app.cost, expect: better, margin: 2%, gate: advisory, reason: "why you expect it" }
  # queries: { calls: db.system.name=postgresql, margin: 10% }
${operationsComment(operations)}
# Error budgets: "coalmine slo" tells what is left and who burns it; the verdict, what this release has cost.
# slo:
#   - journeys: [${scalar(operations[0]?.operation ?? 'GET /cart')}]
#     objective: 99.9%
#     window: 30d
#     latency: 300ms
${notifyComment(service, operations)}
# "coalmine flags" tells which flags can go, after these days; whose each is, and which are to stay, is said by key.
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
# Who is told how comparisons come out, by "coalmine serve" with this file. Secrets are named by their environment variables;
# "coalmine notify --test" tries the targets out.
# notify:
#   targets:
#     team: { type: slack, urlEnv: SLACK_WEBHOOK_URL }
#     oncall: { type: pagerduty, keyEnv: PAGERDUTY_KEY }
#   services:
#     # Only critical operations that fail for enough people wake somebody.
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

import { z } from 'zod'
import type { ActuatorPlan } from './plan.ts'
import { httpUrl, lengthOfTime, secret } from './plan-values.ts'

const text = z.string().min(1)
const timeout = lengthOfTime.optional().describe('How long a call may take. Default 60s.')
const usualMs = 60_000
const servers = z.array(text.regex(/^[\w.:-]+$/, 'expected the name of a server in HAProxy, such as web1')).min(1)

const command = z.strictObject({
  run: text.describe('A shell command; COALMINE_HOSTS, COALMINE_PERCENT and other variables say how much is wanted.'),
  readBack: text.optional().describe('A command that prints how much there is now: 2, or 10%.'),
  timeout,
})
const webhook = z.strictObject({
  url: httpUrl.describe('It gets a POST; any 2xx means yes.'),
  headers: z.record(z.string(), z.string()).optional(),
  readBack: httpUrl.optional().describe('A URL that answers a GET with JSON that has hosts or percent.'),
  timeout,
})
const haproxy = z.strictObject({
  socket: text.describe('The stats socket: a path, or host:port.'),
  backend: text.regex(/^[\w.:-]+$/, 'expected the name of a backend in HAProxy'),
  stable: servers.describe('The servers that run the stable build.'),
  canary: servers.describe('The servers that run the canary.'),
  timeout,
})
const flagd = z.strictObject({
  file: text.regex(/\.json$/, 'expected a .json file').describe('The file that flagd reads.'),
  on: text.optional().describe('The variant that grows. Default on.'),
  off: text.optional().describe('The other variant. Default off.'),
})
const unleash = z.strictObject({
  url: httpUrl,
  token: secret,
  project: text.optional().describe('Default default.'),
  environment: text.optional().describe('Default production.'),
  strategy: text.describe('The id of the strategy, which is a gradual rollout.'),
  timeout,
})
const launchdarkly = z.strictObject({
  url: httpUrl.optional().describe('Default https://app.launchdarkly.com.'),
  token: secret,
  project: text.optional().describe('Default default.'),
  environment: text.optional().describe('Default production.'),
  on: text.describe('The id of the variation that grows.'),
  off: text.describe('The id of the other variation.'),
  contextKind: text.optional().describe('The kind of context that the share is of. Default user.'),
  timeout,
})

const kinds = { command, webhook, haproxy, flagd, unleash, launchdarkly }

/** The kinds of actuators. */
export const actuatorKinds: readonly string[] = Object.keys(kinds)

const secretNames = /authorization|token|secret|password|cookie|key/i

const actuator = z.strictObject({
  command: z.union([text, command]).optional(),
  webhook: z.union([httpUrl, webhook]).optional(),
  haproxy: haproxy.optional(),
  flagd: flagd.optional(),
  unleash: unleash.optional(),
  launchdarkly: launchdarkly.optional(),
})

type Read = z.output<typeof actuator>

/** Validates the `actuator` of a rollout. */
export const actuatorSchema: z.ZodType<ActuatorPlan> = actuator.transform((read, context): ActuatorPlan => {
  const given = Object.keys(read)
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none' : given.join(' and ')
    context.addIssue({ code: 'custom', message: `expected one of ${actuatorKinds.join(', ')}, got ${got}` })
    return z.NEVER
  }
  for (const [name, value] of Object.entries(headersOf(read)))
    if (secretNames.test(name) && !/\$[A-Za-z_]\w*/.test(value))
      context.addIssue({
        code: 'custom',
        path: ['webhook', 'headers', name],
        message: 'expected $NAME, the variable of the environment that has the secret: it is not written here',
      })
  return actuatorOf(read)
})

/** The schema of `actuator` for editors. */
export const actuatorInputSchema: z.ZodType = actuator

/** The keys of an actuator kind; the names of all kinds if it is unknown. */
export function actuatorKeys(kind: string | number | undefined): readonly string[] {
  return Object.hasOwn(kinds, kind ?? '') ? Object.keys(kinds[kind as keyof typeof kinds].shape) : actuatorKinds
}

const headersOf = ({ webhook }: Read): Readonly<Record<string, string>> =>
  typeof webhook === 'object' ? (webhook.headers ?? {}) : {}

function actuatorOf(read: Read): ActuatorPlan {
  const { command, webhook, haproxy, flagd, unleash, launchdarkly } = read
  if (command !== undefined) {
    const { run, readBack = null, timeout = usualMs } = typeof command === 'string' ? { run: command } : command
    return { kind: 'command', run, readBack, timeoutMs: timeout }
  }
  if (webhook !== undefined) {
    const {
      url,
      headers = {},
      readBack = null,
      timeout = usualMs,
    } = typeof webhook === 'string' ? { url: webhook } : webhook
    return { kind: 'webhook', url, headers, readBack, timeoutMs: timeout }
  }
  if (haproxy) {
    const { timeout = usualMs, ...rest } = haproxy
    return { kind: 'haproxy', ...rest, timeoutMs: timeout }
  }
  if (flagd) {
    const { file, on = 'on', off = 'off' } = flagd
    return { kind: 'flagd', file, on, off }
  }
  if (unleash) {
    const { timeout = usualMs, project = 'default', environment = 'production', ...rest } = unleash
    return { kind: 'unleash', ...rest, project, environment, timeoutMs: timeout }
  }
  const { timeout = usualMs, url = 'https://app.launchdarkly.com', ...rest } = launchdarkly!
  const { token, project = 'default', environment = 'production', on, off, contextKind = 'user' } = rest
  return { kind: 'launchdarkly', url, token, project, environment, on, off, contextKind, timeoutMs: timeout }
}

import { z } from 'zod'
import { expectedInstead, type PolicyProblem, unknownKey } from './policy-schema.ts'

/** The events: a comparison started, its outcome, its outcome changed before it was settled, a failure is over. */
const notifyEvents = ['started', 'interim', 'pass', 'fail', 'inconclusive', 'invalid', 'resolved'] as const

/** One of the events that a target may be notified of. */
export type NotifyEvent = (typeof notifyEvents)[number]

/** Common keys of all targets. Keys that end in `Env` name environment variables, so that the file contains no secrets. */
interface AnyTarget {
  /** The events it is notified of; the default depends on the kind of target. */
  readonly on?: readonly NotifyEvent[] | undefined
  /** Only for these services. Default: all services. */
  readonly services?: readonly string[] | undefined
}

/** Signed CloudEvents to a URL. */
export interface WebhookTarget extends AnyTarget {
  readonly type: 'webhook'
  readonly url?: string | undefined
  readonly urlEnv?: string | undefined
  readonly secretEnv?: string | undefined
}

/** Messages to the channel of a Slack incoming webhook; its URL is a secret. */
export interface SlackTarget extends AnyTarget {
  readonly type: 'slack'
  readonly urlEnv: string
}

/** PagerDuty alerts and change events. */
export interface PagerDutyTarget extends AnyTarget {
  readonly type: 'pagerduty'
  readonly keyEnv: string
  readonly url?: string | undefined
}

/** Alerts for an Alertmanager. */
export interface AlertmanagerTarget extends AnyTarget {
  readonly type: 'alertmanager'
  readonly url: string
  readonly tokenEnv?: string | undefined
  readonly user?: string | undefined
  readonly passwordEnv?: string | undefined
}

/** A commit status, and a comment on the pull request. */
export interface GitHubTarget extends AnyTarget {
  readonly type: 'github'
  readonly tokenEnv: string
  /** Such as `acme/shop`. Default: the comparison's label `repository`; senders of spans do not choose where the token is used. */
  readonly repository?: string | undefined
  readonly api?: string | undefined
  /** Context of the commit status; empty for none. Default coalmine. */
  readonly status?: string | undefined
  /** Whether to comment on the pull request. Default true. */
  readonly comment?: boolean | undefined
}

/** Annotations in Grafana. */
export interface GrafanaTarget extends AnyTarget {
  readonly type: 'grafana'
  readonly url: string
  readonly tokenEnv: string
  /** UID of the only dashboard that shows the annotations. Default: any dashboard may, by their tags. */
  readonly dashboard?: string | undefined
}

/** Where notifications are sent. */
export type NotifyTarget =
  | WebhookTarget
  | SlackTarget
  | PagerDutyTarget
  | AlertmanagerTarget
  | GitHubTarget
  | GrafanaTarget

/** The owner of a service, and its critical operations. */
export interface NotifyService {
  /** Named if the author of the change is unknown, or the change is not recent. */
  readonly owner?: string | undefined
  /** The owner's member or group id in Slack, such as U012AB3CD or S012AB3CD. */
  readonly slack?: string | undefined
  /** Operations whose failure may page someone, such as `GET /cart`. */
  readonly critical?: readonly string[] | undefined
}

/** The key `notify` of a `coalmine.yaml`: who is notified of what, and where. Times are seconds. */
export interface NotifyConfig {
  readonly targets: Readonly<Record<string, NotifyTarget>>
  readonly services?: Readonly<Record<string, NotifyService>> | undefined
  /** Slack member ids of authors and mergers, by GitHub login or by name in git. */
  readonly people?: Readonly<Record<string, string>> | undefined
  /** The number of requests hurt per minute from which someone may be paged. Default 10. */
  readonly pageFrom?: number | undefined
  /** A git checkout in which to look up the author of a commit. */
  readonly git?: string | undefined
  /** Give up on a message after this long without success. Default 6 h. */
  readonly giveUpAfter?: number | undefined
}

const text = z.string().min(1)

// The invalid value is not repeated: it may be the secret itself.
const variable = z
  .string({ error: 'expected the name of an environment variable; the secret itself does not belong in this file' })
  .regex(/^[A-Za-z_]\w*$/, {
    error: 'expected the name of an environment variable; the secret itself does not belong in this file',
  })

const url = z.string().refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
  error: ({ input }) => `expected a URL such as https://alerts.example, got ${JSON.stringify(input)}`,
})

const slackId = z.string().regex(/^[USW][A-Z0-9]{2,}$/, {
  error: ({ input }) =>
    `expected the id of a member or group in Slack, such as U012AB3CD (in a profile, "Copy member ID"), got ${JSON.stringify(input)}`,
})

const seconds = z.union([z.string(), z.number()]).transform((value, context) => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(m|h|d)$/.exec(String(value)) ?? []
  if (number !== undefined) return Number(number) * { m: 60, h: 3_600, d: 86_400 }[unit as 'm' | 'h' | 'd']
  context.addIssue({
    code: 'custom',
    message: `expected a length of time such as 30m, 6h or 2d, got ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

const anyTarget = {
  on: z
    .array(z.enum(notifyEvents))
    .optional()
    .describe('What it is told about: started, interim, pass, fail, inconclusive, invalid, resolved.'),
  services: z.array(text).optional().describe('Only these services. Default all.'),
}

/** Keys of the targets, by kind. */
const targetKinds = {
  webhook: z.strictObject({
    type: z.literal('webhook'),
    url: url.optional().describe('Where CloudEvents are posted.'),
    urlEnv: variable.optional().describe('The environment variable with the URL, if that is a secret.'),
    secretEnv: variable.optional().describe('The environment variable with the secret to sign with.'),
    ...anyTarget,
  }),
  slack: z.strictObject({
    type: z.literal('slack'),
    urlEnv: variable.describe('The environment variable with the URL of an incoming webhook.'),
    ...anyTarget,
  }),
  pagerduty: z.strictObject({
    type: z.literal('pagerduty'),
    keyEnv: variable.describe('The environment variable with the integration key (Events API v2) of a service.'),
    url: url.optional().describe('Default https://events.pagerduty.com; in the EU https://events.eu.pagerduty.com.'),
    ...anyTarget,
  }),
  alertmanager: z.strictObject({
    type: z.literal('alertmanager'),
    url: url.describe('Such as http://alertmanager:9093.'),
    tokenEnv: variable.optional().describe('The environment variable with a bearer token.'),
    user: text.optional().describe('For basic authentication, with passwordEnv.'),
    passwordEnv: variable.optional().describe('The environment variable with the password.'),
    ...anyTarget,
  }),
  github: z.strictObject({
    type: z.literal('github'),
    tokenEnv: variable.describe(
      'The environment variable with a token that has statuses: write and pull-requests: write.',
    ),
    repository: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, {
        error: ({ input }) => `expected owner/name, such as acme/shop, got ${JSON.stringify(input)}`,
      })
      .optional()
      .describe('Such as acme/shop. Default: the label repository of the comparison.'),
    api: url.optional().describe('Default https://api.github.com.'),
    status: z.string().optional().describe('The context of the commit status; "" for no status. Default coalmine.'),
    comment: z.boolean().optional().describe('Whether to comment on the pull request. Default true.'),
    ...anyTarget,
  }),
  grafana: z.strictObject({
    type: z.literal('grafana'),
    url: url.describe('Such as https://grafana.example.'),
    tokenEnv: variable.describe("The environment variable with a service account's token."),
    dashboard: text
      .optional()
      .describe('The UID of the one dashboard to annotate. Default: any dashboard can show them, by tag.'),
    ...anyTarget,
  }),
} as const

const targets = z.record(
  z.string(),
  z.discriminatedUnion('type', [
    targetKinds.webhook,
    targetKinds.slack,
    targetKinds.pagerduty,
    targetKinds.alertmanager,
    targetKinds.github,
    targetKinds.grafana,
  ]),
)

const service = z.strictObject({
  owner: text.optional().describe('Whom to name if nobody knows who made the change, or it is older than an hour.'),
  slack: slackId.optional().describe("The owner's Slack member id or group id."),
  critical: z.array(text).optional().describe('Operations whose failure may page somebody, such as GET /cart.'),
})

const notify = z.strictObject({
  targets: targets.describe('Where to send notifications, each under a name that you choose.'),
  services: z
    .record(z.string(), service)
    .optional()
    .describe('Who owns a service, and which of its operations are critical.'),
  people: z.record(z.string(), slackId).optional().describe('Slack member ids by GitHub login, or by name in git.'),
  pageFrom: z
    .number()
    .min(0)
    .optional()
    .describe('How many requests a minute must be hurt before somebody is paged. Default 10.'),
  git: text.optional().describe('A git checkout in which to look up who wrote a commit.'),
  giveUpAfter: seconds.optional().describe('How long to keep trying to deliver a message. Default 6h.'),
})

/** Validates the key `notify`; also the source of its JSON Schema. */
export const notifySchema: z.ZodType = notify.describe('Who is notified of what, and where.')

/** Reads `notify`, or returns every problem with it. */
export function parseNotify(
  input: unknown,
):
  | { readonly kind: 'notify'; readonly notify: NotifyConfig }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] } {
  const parsed = notify.safeParse(input, { error: expectedInstead })
  if (!parsed.success)
    return {
      kind: 'problems',
      problems: parsed.error.issues.flatMap((issue) => problemsIn(input, issue)),
    }
  const problems = Object.entries(parsed.data.targets).flatMap(([name, target]) =>
    mismatchOf(target).map((message) => ({ path: ['notify', 'targets', name], message })),
  )
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'notify', notify: parsed.data }
}

/** Keys of a target that do not go together. */
function mismatchOf(target: NotifyTarget): readonly string[] {
  switch (target.type) {
    case 'webhook':
      if ((target.url === undefined) === (target.urlEnv === undefined)) return ['expected one of url, urlEnv']
      return []
    case 'alertmanager': {
      const isBasic = target.user !== undefined
      if (isBasic !== (target.passwordEnv !== undefined)) return ['user and passwordEnv go together']
      return isBasic && target.tokenEnv !== undefined ? ['expected tokenEnv, or user with passwordEnv, not both'] : []
    }
    default:
      return []
  }
}

function problemsIn(input: unknown, issue: z.core.$ZodIssue): PolicyProblem[] {
  const within = issue.path.filter((key): key is string | number => typeof key !== 'symbol')
  const path = ['notify', ...within]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, keysAt(input, within)) }))
  if (issue.code === 'invalid_union' && within[0] === 'targets') {
    const kinds = Object.keys(targetKinds).join(', ')
    const typed = within.at(-1) === 'type' ? path : [...path, 'type']
    return [{ path: typed, message: `expected one of ${kinds}, got ${JSON.stringify(valueAt(input, typed.slice(1)))}` }]
  }
  return [{ path, message: issue.message }]
}

/** The keys present at a path. */
function keysAt(input: unknown, path: readonly (string | number)[]): readonly string[] {
  const [section] = path
  if (section === 'services') return Object.keys(service.shape)
  if (section !== 'targets') return Object.keys(notify.shape)
  const type = valueAt(input, [...path, 'type']) as keyof typeof targetKinds
  return Object.keys(targetKinds[type].shape)
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (Object(value) as Record<string | number, unknown>)[key], input)
}

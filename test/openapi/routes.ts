/** A route of the OpenAPI document. Its types are those that `types.ts` exports. */
export interface Route {
  readonly method: 'get' | 'post'
  /** In OpenAPI's form: `/api/comparisons/{id}`. */
  readonly path: string
  /** Its name in generated clients. */
  readonly name: string
  readonly summary: string
  /** The right that a token needs; `none` if the route needs no token. */
  readonly right: 'ingest' | 'read' | 'judge' | 'none'
  readonly query?: readonly Parameter[]
  /** The type of its body, or the content types of bytes that it takes. */
  readonly body?: string | readonly string[]
  /** By status: the type of the answer or several, another content type, or null for an empty one. */
  readonly answers: Readonly<
    Record<number, string | readonly string[] | { readonly content: string; readonly schema?: string } | null>
  >
}

interface Parameter {
  readonly name: string
  readonly required?: true
  readonly about: string
  readonly example?: string
}

const service: Parameter = { name: 'service', required: true, about: 'The service under test.', example: 'checkout' }
const cohorts: readonly Parameter[] = [
  service,
  { name: 'stable', required: true, about: 'The selector of stable.', example: 'service.version=1.9.0' },
  { name: 'canary', required: true, about: 'The selector of the canary.', example: 'service.version=2.0.0' },
]
const wait: Parameter = {
  name: 'wait',
  about: 'How long to wait for something new before answering, 60s at most.',
  example: '20s',
}
const ramp: Parameter = {
  name: 'ramp',
  about: 'Planned shares of the newest build, and how long each lasts.',
  example: '1%:30m,10%:1h,100%',
}
const file: Parameter = {
  name: 'file',
  about: 'Any text that identifies the file, so that an interrupted import can resume.',
}
const rolloutCommands = Object.entries({
  pause: 'Pause a rollout at its stage; a FAIL still takes the canary back.',
  resume: 'Resume a rollout; a stage that is past its deadline gets its full time again.',
  advance: 'Advance a rollout to its next stage, whatever the verdict.',
  approve: 'Approve the next stage of a rollout, which then starts once its gate is open.',
  abort: 'Abort a rollout in any state: the canary is taken back.',
}).map(
  ([command, summary]): Route => ({
    method: 'post',
    path: `/api/rollouts/{id}/${command}`,
    name: `${command}Rollout`,
    summary,
    right: 'judge',
    body: 'RolloutCommandBody',
    answers: { 200: 'RolloutAnswer' },
  }),
)

const otlp = ['application/x-protobuf', 'application/json'] as const
const acknowledged = { content: 'application/x-protobuf' } as const

const flaggerHooks = Object.entries({
  'confirm-rollout': 'flaggerConfirmRollout',
  'pre-rollout': 'flaggerPreRollout',
  rollout: 'flaggerRollout',
  'confirm-traffic-increase': 'flaggerConfirmTrafficIncrease',
  'confirm-promotion': 'flaggerConfirmPromotion',
  'post-rollout': 'flaggerPostRollout',
  rollback: 'flaggerRollback',
  event: 'flaggerEvent',
}).map(
  ([type, name]): Route => ({
    method: 'post',
    path: `/gates/flagger/${type}`,
    name,
    summary: `Flagger's webhook ${type}: a status up to 202 is a yes.`,
    right: 'judge',
    body: 'FlaggerBody',
    answers: { 200: 'FlaggerAnswer', 404: 'FlaggerAnswer', 409: 'FlaggerAnswer' },
  }),
)

/** Every route of the API. */
export const routes: readonly Route[] = [
  {
    method: 'post',
    path: '/api/comparisons',
    name: 'startComparison',
    summary: 'Start a comparison, or join it if it is running: the same request means the same comparison.',
    right: 'judge',
    body: 'StartBody',
    answers: { 200: 'ComparisonAnswer', 201: 'ComparisonAnswer' },
  },
  {
    method: 'get',
    path: '/api/comparisons',
    name: 'listComparisons',
    summary: 'Running comparisons and those of the last 90 days, newest first.',
    right: 'read',
    answers: { 200: 'ComparisonList' },
  },
  {
    method: 'get',
    path: '/api/comparisons/{id}',
    name: 'getComparison',
    summary: 'A comparison with its last verdict.',
    right: 'read',
    answers: { 200: 'JudgedComparison' },
  },
  {
    method: 'get',
    path: '/api/comparisons/{id}/events',
    name: 'followComparison',
    summary:
      'The events of a comparison as they happen, as server-sent events whose data is the event without its id and name (Last-Event-ID resumes); with `accept: application/json`, the events after a given number.',
    right: 'read',
    query: [
      {
        name: 'after',
        about: 'The number of the last event that the client has; Last-Event-ID means the same.',
        example: '7',
      },
      wait,
    ],
    answers: { 200: { content: 'text/event-stream', schema: 'ComparisonEvents' } },
  },
  {
    method: 'get',
    path: '/api/comparisons/{id}/charts',
    name: 'getCharts',
    summary: 'Details of a verdict: the table of operations, charts, calls and traces.',
    right: 'read',
    query: [
      {
        name: 'operation',
        about: 'The operation; * for all. Default: the whole service.',
        example: 'GET /cart',
      },
    ],
    answers: { 200: ['ComparisonView', 'NoView'] },
  },
  {
    method: 'get',
    path: '/api/comparisons/{id}/traces',
    name: 'getTraces',
    summary: 'Example traces of both cohorts, each about as slow as the 95th percentile of its cohort.',
    right: 'read',
    query: [{ name: 'operation', about: 'Only at this operation.', example: 'GET /cart' }],
    answers: { 200: 'ViewTraces' },
  },
  {
    method: 'post',
    path: '/api/charts',
    name: 'compareWithCharts',
    summary: 'Judge once, with all charts.',
    right: 'judge',
    body: 'ComparisonBody',
    answers: { 200: 'ChartsAnswer' },
  },
  {
    method: 'post',
    path: '/api/comparisons/{id}/stop',
    name: 'stopComparison',
    summary: 'End a comparison.',
    right: 'judge',
    answers: { 200: 'ComparisonAnswer' },
  },
  {
    method: 'get',
    path: '/api/verdict',
    name: 'getVerdict',
    summary: 'For gates: the state of the newest comparison of these cohorts, answered from memory.',
    right: 'read',
    query: [...cohorts, wait],
    answers: { 200: 'VerdictAnswer' },
  },
  {
    method: 'post',
    path: '/api/compare',
    name: 'compare',
    summary: 'Judge once, from the spans stored so far.',
    right: 'judge',
    body: 'ComparisonBody',
    answers: { 200: 'Verdict' },
  },
  {
    method: 'post',
    path: '/api/rollouts',
    name: 'startRollout',
    summary: "Start the rollout of a build, as planned in the server's coalmine.yaml, or join it if it is running.",
    right: 'judge',
    body: 'RolloutBody',
    answers: { 200: 'RolloutAnswer', 201: 'RolloutAnswer' },
  },
  {
    method: 'get',
    path: '/api/rollouts',
    name: 'listRollouts',
    summary: 'Running rollouts and those of the last 90 days, newest first.',
    right: 'read',
    answers: { 200: 'RolloutList' },
  },
  {
    method: 'get',
    path: '/api/rollouts/{id}',
    name: 'getRollout',
    summary: 'The state of a rollout, and what it waits for.',
    right: 'read',
    answers: { 200: 'RolloutAnswer' },
  },
  {
    method: 'get',
    path: '/api/rollouts/{id}/history',
    name: 'getRolloutHistory',
    summary: 'The history of a rollout: what happened, and who did it.',
    right: 'read',
    answers: { 200: 'RolloutHistory' },
  },
  ...rolloutCommands,
  {
    method: 'get',
    path: '/api/notifications',
    name: 'getNotifications',
    summary: 'Notifications: the state of each target, current failures, and the newest messages.',
    right: 'read',
    answers: { 200: 'NotifyState' },
  },
  {
    method: 'post',
    path: '/gates/argo',
    name: 'askAsArgo',
    summary:
      'For the web metric of Argo Rollouts: starts the comparison, then answers with its verdict, always with status 200.',
    right: 'judge',
    body: 'ArgoBody',
    answers: { 200: 'ArgoAnswer' },
  },
  ...flaggerHooks,
  {
    method: 'get',
    path: '/gates/kayenta/canaryConfig',
    name: 'listKayentaConfigs',
    summary: "Kayenta's canary configs: there is one, coalmine.",
    right: 'read',
    query: [{ name: 'application', about: "Kayenta's application, which the answer repeats.", example: 'shop' }],
    answers: { 200: 'KayentaCanaryConfigs' },
  },
  {
    method: 'post',
    path: '/gates/kayenta/canary/{id}',
    name: 'startAsKayenta',
    summary: "Start an analysis, as Kayenta's clients do.",
    right: 'judge',
    query: [
      { name: 'application', required: true, about: 'The service, unless the scopes name another.', example: 'shop' },
    ],
    body: 'KayentaExecutionBody',
    answers: { 200: 'KayentaStarted' },
  },
  {
    method: 'get',
    path: '/gates/kayenta/canary/{id}',
    name: 'getAsKayenta',
    summary: 'The state of an analysis, and its score once it is over.',
    right: 'read',
    answers: { 200: 'KayentaExecution' },
  },
  {
    method: 'post',
    path: '/api/kayenta',
    name: 'judgeAsKayenta',
    summary: "Judge a window as Kayenta's judge does, by a canary config.",
    right: 'judge',
    body: 'KayentaBody',
    answers: { 200: 'KayentaResult' },
  },
  {
    method: 'post',
    path: '/api/plan',
    name: 'plan',
    summary: 'Plan how long a canary must run to find a regression.',
    right: 'judge',
    body: 'PlanBody',
    answers: { 200: 'PlanAnswer' },
  },
  {
    method: 'post',
    path: '/api/calibrate',
    name: 'calibrate',
    summary: "Replay simulated canaries on stable's own traffic.",
    right: 'judge',
    body: 'CalibrateBody',
    answers: { 200: 'CalibrateAnswer' },
  },
  {
    method: 'post',
    path: '/api/backfill',
    name: 'backFill',
    summary: 'Close the first unclosed ticks of a past window.',
    right: 'judge',
    body: 'BackFillBody',
    answers: { 200: 'BackFilled' },
  },
  {
    method: 'get',
    path: '/api/known',
    name: 'getKnown',
    summary: 'The services that the store has seen, and the builds and flag variants of one of them.',
    right: 'read',
    query: [{ name: 'service', about: 'The service whose builds and flag variants to list.', example: 'checkout' }],
    answers: { 200: 'Known' },
  },
  {
    method: 'get',
    path: '/api/services',
    name: 'getServices',
    summary: 'The services that have served users, each with its newest builds and when they started serving.',
    right: 'read',
    answers: { 200: 'ServicesSeen' },
  },
  {
    method: 'get',
    path: '/api/doctor',
    name: 'getDoctor',
    summary: 'The marks that arrive from a service, and what is missing.',
    right: 'read',
    query: [service],
    answers: { 200: 'DoctorFacts' },
  },
  {
    method: 'post',
    path: '/api/changes',
    name: 'reportChange',
    summary:
      'Report a deploy or another change: as JSON, as a CDEvent, or as a signed webhook of GitHub or a flag service, which needs no token.',
    right: 'judge',
    body: 'ChangeBody',
    answers: { 200: 'ChangeAnswer', 201: 'ChangeAnswer' },
  },
  {
    method: 'get',
    path: '/api/changes',
    name: 'listChanges',
    summary: 'Deploys and other changes, newest first.',
    right: 'read',
    query: [
      {
        name: 'service',
        about: 'Only this service, including builds that nobody reported.',
        example: 'checkout',
      },
      { name: 'version', about: 'Only deploys of this build.', example: '2.0.0' },
      { name: 'kind', about: 'Only this kind: deploy, flag or event.', example: 'deploy' },
      { name: 'since', about: 'The start of the time range, ISO 8601.' },
      { name: 'until', about: 'The end of the time range, ISO 8601.' },
      { name: 'limit', about: 'The maximum number; default 200.' },
    ],
    answers: { 200: 'ChangesAnswer' },
  },
  {
    method: 'get',
    path: '/api/dora',
    name: 'getDora',
    summary: 'The five DORA metrics by service, from deploys and verdicts, each with how it was counted.',
    right: 'read',
    query: [
      { name: 'service', about: 'Only this service.', example: 'checkout' },
      { name: 'since', about: 'The start of the time range, ISO 8601; default 90 days ago.' },
    ],
    answers: { 200: 'DoraAnswer' },
  },
  {
    method: 'get',
    path: '/api/flags',
    name: 'getFlags',
    summary: 'The flags that users met, by service and environment: variants, shares, builds, and whether each can go.',
    right: 'read',
    query: [
      { name: 'service', about: 'Only this service.', example: 'checkout' },
      { name: 'flag', about: 'Only this flag.', example: 'new-pricing' },
    ],
    answers: { 200: 'FlagsAnswer' },
  },
  {
    method: 'post',
    path: '/api/flags',
    name: 'reportFlags',
    summary: 'The same, with the declarations of flags in the body.',
    right: 'read',
    body: 'FlagsBody',
    answers: { 200: 'FlagsAnswer' },
  },
  {
    method: 'get',
    path: '/api/runs',
    name: 'listRuns',
    summary: 'Test runs, newest first: what each did, why it ended, and its effect on users.',
    right: 'read',
    query: [
      { name: 'since', about: 'The start of the time range, ISO 8601; default a week ago.' },
      { name: 'run', about: 'Only runs of this name.', example: 'load-7' },
    ],
    answers: { 200: 'RunsAnswer' },
  },
  {
    method: 'get',
    path: '/api/runs/{run}',
    name: 'getRun',
    summary: 'The latest run of this name, and its effect on users.',
    right: 'read',
    answers: { 200: 'TestRunAnswer' },
  },
  {
    method: 'post',
    path: '/api/runs/{run}/revoke',
    name: 'revokeRun',
    summary: 'Revoke a test run: the server records it, and adds it to its revocation file if it has one.',
    right: 'judge',
    body: 'RevokeBody',
    answers: { 200: 'TestRunAnswer' },
  },
  {
    method: 'get',
    path: '/api/builds',
    name: 'getBuilds',
    summary: 'The newest builds of a service, their origin, and their shares of its requests.',
    right: 'read',
    query: [service],
    answers: { 200: 'BuildShares' },
  },
  {
    method: 'get',
    path: '/api/tests',
    name: 'getTests',
    summary: 'The test traffic of the last day: its runs, its test entities, and what it touched.',
    right: 'read',
    answers: { 200: 'TestTraffic' },
  },
  {
    method: 'get',
    path: '/api/slo',
    name: 'getBudgets',
    summary: "The error budgets of the server's own objectives.",
    right: 'read',
    query: [{ name: 'service', about: 'Only the objectives of this service.', example: 'checkout' }, ramp],
    answers: { 200: 'SloAnswer' },
  },
  {
    method: 'post',
    path: '/api/slo',
    name: 'countBudgets',
    summary: 'The error budgets of the objectives in the body.',
    right: 'read',
    body: 'SloBody',
    answers: { 200: 'SloAnswer' },
  },
  {
    method: 'get',
    path: '/api/store',
    name: 'getStore',
    summary: 'The contents and size of the store.',
    right: 'read',
    answers: { 200: 'StoreSizes' },
  },
  {
    method: 'get',
    path: '/api/import',
    name: 'getImport',
    summary: 'The progress of importing a file.',
    right: 'ingest',
    query: [file],
    answers: { 200: 'ImportState' },
  },
  {
    method: 'post',
    path: '/api/import',
    name: 'importSpans',
    summary: 'Store the spans of a file: OTLP, Jaeger, Tempo, Zipkin, Parquet or CSV, compressed or not.',
    right: 'ingest',
    query: [
      file,
      { name: 'columns', about: 'For Parquet and CSV: what the columns are.', example: 'start=when:ms' },
      { name: 'offset', about: 'The offset in the file at which the body begins.' },
      { name: 'again', about: 'Import a file again that was imported before.' },
    ],
    body: ['application/octet-stream'],
    answers: { 200: 'ImportAnswer' },
  },
  {
    method: 'post',
    path: '/api/login',
    name: 'login',
    summary: 'Log a browser in: exchange a token for a session cookie.',
    right: 'none',
    body: 'LoginBody',
    answers: { 204: null },
  },
  {
    method: 'get',
    path: '/api/login',
    name: 'getLogin',
    summary: 'Whether the server needs a token, and who is logged in.',
    right: 'none',
    answers: { 200: 'LoginAnswer' },
  },
  {
    method: 'post',
    path: '/api/logout',
    name: 'logout',
    summary: 'Log a browser out.',
    right: 'none',
    answers: { 204: null },
  },
  {
    method: 'get',
    path: '/api/openapi.json',
    name: 'getOpenApi',
    summary: 'This document.',
    right: 'none',
    answers: { 200: { content: 'application/json' } },
  },
  {
    method: 'post',
    path: '/v1/traces',
    name: 'exportTraces',
    summary: 'Send spans over OTLP.',
    right: 'ingest',
    body: otlp,
    answers: { 200: acknowledged },
  },
  {
    method: 'post',
    path: '/v1/logs',
    name: 'exportLogs',
    summary: 'Send log records over OTLP; only flag evaluations are kept.',
    right: 'ingest',
    body: otlp,
    answers: { 200: acknowledged },
  },
  {
    method: 'get',
    path: '/healthz',
    name: 'getHealth',
    summary: 'Whether the process answers.',
    right: 'none',
    answers: { 200: 'HealthAnswer' },
  },
  {
    method: 'get',
    path: '/readyz',
    name: 'getReady',
    summary: 'Whether the server accepts spans.',
    right: 'none',
    answers: { 200: 'ReadyAnswer', 503: 'ReadyAnswer' },
  },
  {
    method: 'get',
    path: '/metrics',
    name: 'getMetrics',
    summary: "The server's own metrics, for Prometheus.",
    right: 'read',
    answers: { 200: { content: 'text/plain' } },
  },
]

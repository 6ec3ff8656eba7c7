/** A route as the document tells of it. Types are those that `types.ts` exports. */
export interface Route {
  readonly method: 'get' | 'post'
  /** As OpenAPI writes it: `/api/comparisons/{id}`. */
  readonly path: string
  /** What generated clients call it. */
  readonly name: string
  readonly summary: string
  /** The right that a token needs; `none` where none is asked for. */
  readonly right: 'ingest' | 'read' | 'judge' | 'none'
  readonly query?: readonly Parameter[]
  /** The type of its body, or the types of bytes that it takes. */
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
  { name: 'stable', required: true, about: 'Which spans are stable.', example: 'service.version=1.9.0' },
  { name: 'canary', required: true, about: 'Which spans are canary.', example: 'service.version=2.0.0' },
]
const wait: Parameter = {
  name: 'wait',
  about: 'How long to hold the answer back for something new, 60s at most.',
  example: '20s',
}
const ramp: Parameter = {
  name: 'ramp',
  about: 'Planned shares of the newest build, and how long each stays.',
  example: '1%:30m,10%:1h,100%',
}
const file: Parameter = {
  name: 'file',
  about: 'Any text that identifies the file, so that an import that was interrupted goes on.',
}
const rolloutCommands = Object.entries({
  pause: 'It does nothing more; a FAIL still takes the canary back.',
  resume: 'It goes on; past a deadline with the time anew.',
  advance: 'It goes on to the next stage, whatever the verdict.',
  approve: 'It may go on to the next stage once its gate is open.',
  abort: 'The canary is taken back, in whatever state the rollout is.',
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
    summary: 'Start a comparison, or join the one that runs: the same request is the same comparison.',
    right: 'judge',
    body: 'StartBody',
    answers: { 200: 'ComparisonAnswer', 201: 'ComparisonAnswer' },
  },
  {
    method: 'get',
    path: '/api/comparisons',
    name: 'listComparisons',
    summary: 'Comparisons that run, and those of the last 90 days, the newest first.',
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
      'The events of a comparison as they happen: server-sent events whose data is an event without its id and name (Last-Event-ID resumes), or, to those who accept application/json, the events after a number.',
    right: 'read',
    query: [
      {
        name: 'after',
        about: 'The number of the last event that is known; Last-Event-ID says the same.',
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
    summary: 'What is looked at beside a verdict: the table of operations, charts, calls and traces.',
    right: 'read',
    query: [
      {
        name: 'operation',
        about: 'Whose charts: those of the service, unless given; * for all.',
        example: 'GET /cart',
      },
    ],
    answers: { 200: ['ComparisonView', 'NoView'] },
  },
  {
    method: 'get',
    path: '/api/comparisons/{id}/traces',
    name: 'getTraces',
    summary: 'Traces of both cohorts that took about as long as the slowest 5 % of each begin at.',
    right: 'read',
    query: [{ name: 'operation', about: 'At which operation; at any, unless given.', example: 'GET /cart' }],
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
    summary: 'For a gate: what the newest comparison of these cohorts has come to, answered from memory.',
    right: 'read',
    query: [...cohorts, wait],
    answers: { 200: 'VerdictAnswer' },
  },
  {
    method: 'post',
    path: '/api/compare',
    name: 'compare',
    summary: 'Judge once, from the spans that are there.',
    right: 'judge',
    body: 'ComparisonBody',
    answers: { 200: 'Verdict' },
  },
  {
    method: 'post',
    path: '/api/rollouts',
    name: 'startRollout',
    summary: 'Start the rollout of a build, as the coalmine.yaml of the server plans it, or join the one that runs.',
    right: 'judge',
    body: 'RolloutBody',
    answers: { 200: 'RolloutAnswer', 201: 'RolloutAnswer' },
  },
  {
    method: 'get',
    path: '/api/rollouts',
    name: 'listRollouts',
    summary: 'Rollouts that run, and those of the last 90 days, the newest first.',
    right: 'read',
    answers: { 200: 'RolloutList' },
  },
  {
    method: 'get',
    path: '/api/rollouts/{id}',
    name: 'getRollout',
    summary: 'Where a rollout is, and what it waits for.',
    right: 'read',
    answers: { 200: 'RolloutAnswer' },
  },
  {
    method: 'get',
    path: '/api/rollouts/{id}/history',
    name: 'getRolloutHistory',
    summary: 'What happened to a rollout, and who said so.',
    right: 'read',
    answers: { 200: 'RolloutHistory' },
  },
  ...rolloutCommands,
  {
    method: 'get',
    path: '/api/notifications',
    name: 'getNotifications',
    summary: 'Who is told of comparisons: where targets stand, what goes on, and what became of the newest messages.',
    right: 'read',
    answers: { 200: 'NotifyState' },
  },
  {
    method: 'post',
    path: '/gates/argo',
    name: 'askAsArgo',
    summary:
      'What the web metric of Argo Rollouts asks: starts the comparison, then answers its verdict, always with 200.',
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
    query: [{ name: 'application', about: 'Whose configs.', example: 'shop' }],
    answers: { 200: 'KayentaCanaryConfigs' },
  },
  {
    method: 'post',
    path: '/gates/kayenta/canary/{id}',
    name: 'startAsKayenta',
    summary: 'Start an analysis as a client of Kayenta does.',
    right: 'judge',
    query: [{ name: 'application', required: true, about: 'The service.', example: 'shop' }],
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
    summary: "What Kayenta's judge says of a window, by a canary config.",
    right: 'judge',
    body: 'KayentaBody',
    answers: { 200: 'KayentaResult' },
  },
  {
    method: 'post',
    path: '/api/plan',
    name: 'plan',
    summary: 'How long a canary must run to find a regression.',
    right: 'judge',
    body: 'PlanBody',
    answers: { 200: 'PlanAnswer' },
  },
  {
    method: 'post',
    path: '/api/calibrate',
    name: 'calibrate',
    summary: "Replay canaries that never were on stable's own traffic.",
    right: 'judge',
    body: 'CalibrateBody',
    answers: { 200: 'CalibrateAnswer' },
  },
  {
    method: 'post',
    path: '/api/backfill',
    name: 'backFill',
    summary: 'Close the first ticks of a past window that nobody has closed.',
    right: 'judge',
    body: 'BackFillBody',
    answers: { 200: 'BackFilled' },
  },
  {
    method: 'get',
    path: '/api/known',
    name: 'getKnown',
    summary: 'Services that the store has seen, and the builds and flag variants of one of them.',
    right: 'read',
    query: [{ name: 'service', about: 'Whose builds and flag variants are told.', example: 'checkout' }],
    answers: { 200: 'Known' },
  },
  {
    method: 'get',
    path: '/api/services',
    name: 'getServices',
    summary: 'Services that have served users, each with its newest builds and since when they serve.',
    right: 'read',
    answers: { 200: 'ServicesSeen' },
  },
  {
    method: 'get',
    path: '/api/doctor',
    name: 'getDoctor',
    summary: 'Which marks arrive from a service.',
    right: 'read',
    query: [service],
    answers: { 200: 'DoctorFacts' },
  },
  {
    method: 'post',
    path: '/api/changes',
    name: 'reportChange',
    summary:
      'Something was deployed, or changed otherwise: as JSON, as a CDEvent, or as a webhook of GitHub, whose signature is as good as a token.',
    right: 'judge',
    body: 'ChangeBody',
    answers: { 200: 'ChangeAnswer', 201: 'ChangeAnswer' },
  },
  {
    method: 'get',
    path: '/api/changes',
    name: 'listChanges',
    summary: 'What was deployed and what else changed, the newest first.',
    right: 'read',
    query: [
      {
        name: 'service',
        about: 'Of one service, with the builds that nobody reported; of all, unless given.',
        example: 'checkout',
      },
      { name: 'version', about: 'Deploys of one build.', example: '2.0.0' },
      { name: 'kind', about: 'deploy, flag or event.', example: 'deploy' },
      { name: 'since', about: 'From when on, ISO 8601.' },
      { name: 'until', about: 'Until when, ISO 8601.' },
      { name: 'limit', about: 'At most so many; 200, unless given.' },
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
      { name: 'service', about: 'Of one service; of all, unless given.', example: 'checkout' },
      { name: 'since', about: 'From when on, ISO 8601; for 90 days, unless given.' },
    ],
    answers: { 200: 'DoraAnswer' },
  },
  {
    method: 'get',
    path: '/api/flags',
    name: 'getFlags',
    summary:
      'What users met of each flag, by service and environment: variants, shares, builds, and whether it can go.',
    right: 'read',
    query: [
      { name: 'service', about: 'Of one service; of all, unless given.', example: 'checkout' },
      { name: 'flag', about: 'Of one flag; of all, unless given.', example: 'new-pricing' },
    ],
    answers: { 200: 'FlagsAnswer' },
  },
  {
    method: 'post',
    path: '/api/flags',
    name: 'reportFlags',
    summary: 'The same, by what the body declares of flags.',
    right: 'read',
    body: 'FlagsBody',
    answers: { 200: 'FlagsAnswer' },
  },
  {
    method: 'get',
    path: '/api/runs',
    name: 'listRuns',
    summary: 'Test runs, the newest first: what each did, why it ended, and what it did to users.',
    right: 'read',
    query: [
      { name: 'since', about: 'From when on, ISO 8601; for a week, unless given.' },
      { name: 'run', about: 'Those of one name; of all, unless given.', example: 'load-7' },
    ],
    answers: { 200: 'RunsAnswer' },
  },
  {
    method: 'get',
    path: '/api/runs/{run}',
    name: 'getRun',
    summary: 'The last time that a test run went on, and what it did to users.',
    right: 'read',
    answers: { 200: 'TestRunAnswer' },
  },
  {
    method: 'post',
    path: '/api/runs/{run}/revoke',
    name: 'revokeRun',
    summary: 'Stops a test run: it is written down, and into the file that services watch where the server knows one.',
    right: 'judge',
    body: 'RevokeBody',
    answers: { 200: 'TestRunAnswer' },
  },
  {
    method: 'get',
    path: '/api/builds',
    name: 'getBuilds',
    summary: 'The newest builds of a service, where they come from, and how its requests were shared by them.',
    right: 'read',
    query: [service],
    answers: { 200: 'BuildShares' },
  },
  {
    method: 'get',
    path: '/api/tests',
    name: 'getTests',
    summary: 'The test traffic of the last day: its runs, whom it was about, and what it touched.',
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
    summary: 'The error budgets of the objectives that are sent.',
    right: 'read',
    body: 'SloBody',
    answers: { 200: 'SloAnswer' },
  },
  {
    method: 'get',
    path: '/api/store',
    name: 'getStore',
    summary: 'What the store holds.',
    right: 'read',
    answers: { 200: 'StoreSizes' },
  },
  {
    method: 'get',
    path: '/api/import',
    name: 'getImport',
    summary: 'How far the import of a file has come.',
    right: 'ingest',
    query: [file],
    answers: { 200: 'ImportState' },
  },
  {
    method: 'post',
    path: '/api/import',
    name: 'importSpans',
    summary: 'Store the spans of a file: OTLP, Jaeger, Tempo, Zipkin, Parquet or CSV, packed or not.',
    right: 'ingest',
    query: [
      file,
      { name: 'columns', about: 'Of Parquet and CSV: which column is what.', example: 'start=when:ms' },
      { name: 'offset', about: 'Where the body begins in the file.' },
      { name: 'again', about: 'Read a file anew that was imported before.' },
    ],
    body: ['application/octet-stream'],
    answers: { 200: 'ImportAnswer' },
  },
  {
    method: 'post',
    path: '/api/login',
    name: 'login',
    summary: 'Give a browser a session, as a cookie, for a token.',
    right: 'none',
    body: 'LoginBody',
    answers: { 204: null },
  },
  {
    method: 'get',
    path: '/api/login',
    name: 'getLogin',
    summary: 'Whether a token is asked for, and who is logged in.',
    right: 'none',
    answers: { 200: 'LoginAnswer' },
  },
  {
    method: 'post',
    path: '/api/logout',
    name: 'logout',
    summary: 'End the session of a browser.',
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
    summary: 'Spans over OTLP.',
    right: 'ingest',
    body: otlp,
    answers: { 200: acknowledged },
  },
  {
    method: 'post',
    path: '/v1/logs',
    name: 'exportLogs',
    summary: 'Log records over OTLP; evaluations of flags are kept.',
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
    summary: 'Whether spans are taken.',
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

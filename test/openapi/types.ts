// What the routes take and answer: the schemas of the OpenAPI document are made from these declarations.

export type {
  ComparisonAnswer,
  ComparisonBody,
  ComparisonEvent,
  ComparisonEvents,
  ComparisonList,
  DoraAnswer,
  FlagsAnswer,
  JudgedComparison,
  KayentaResult,
  RevokeBody,
  RolloutAnswer,
  RolloutBody,
  RolloutCommandBody,
  RolloutHistory,
  RolloutList,
  RunsAnswer,
  SloAnswer,
  SloBody,
  StartBody,
  TestRunAnswer,
  Verdict,
  VerdictAnswer,
} from '@coalmine/comparator'
export type { LoginAnswer } from '../../packages/server/src/access/login.ts'
export type { ChangeBody } from '../../packages/server/src/changes/parse-change.ts'
export type { ChangeAnswer, ChangesAnswer } from '../../packages/server/src/changes/routes.ts'
export type { ErrorBody } from '../../packages/server/src/errors.ts'
export type { FlagsBody } from '../../packages/server/src/flags/routes.ts'
export type { ArgoAnswer } from '../../packages/server/src/gates/argo.ts'
export type { FlaggerAnswer } from '../../packages/server/src/gates/flagger.ts'
export type {
  KayentaCanaryConfigs,
  KayentaExecution,
  KayentaStarted,
} from '../../packages/server/src/gates/kayenta-api.ts'
export type { ImportAnswer, ImportState } from '../../packages/server/src/import/import.ts'
export type { NotifyState } from '../../packages/server/src/notify/notify-state.ts'
export type { CalibrateAnswer } from '../../packages/server/src/replay/calibrate.ts'
export type { PlanAnswer } from '../../packages/server/src/replay/plan.ts'
export type { ComparisonView, ViewTraces } from '../../packages/server/src/views/view.ts'
export type { BackFilled } from '../../packages/store/src/ingest/back-fill.ts'
export type { BuildShares, ServicesSeen } from '../../packages/store/src/read/builds-served.ts'
export type { DoctorFacts } from '../../packages/store/src/read/doctor.ts'
export type { Known } from '../../packages/store/src/read/known.ts'
export type { StoreSizes } from '../../packages/store/src/read/sizes.ts'
export type { TestTraffic } from '../../packages/store/src/read/test-traffic.ts'
export type {
  ArgoBody,
  BackFillBody,
  CalibrateBody,
  ChartsAnswer,
  FlaggerBody,
  HealthAnswer,
  KayentaBody,
  KayentaExecutionBody,
  LoginBody,
  NoView,
  PlanBody,
  ReadyAnswer,
} from './bodies.ts'
